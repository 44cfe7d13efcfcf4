import org.jspecify.annotations.NullMarked;

/**
 * Context variables, after Python's {@code contextvars}
 * (<a href="https://peps.python.org/pep-0567/">PEP 567</a>).
 */
@NullMarked
module io.github.contextvars {

	requires static transitive org.jspecify;

	exports io.github.contextvars;

}
