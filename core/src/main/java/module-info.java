import org.jspecify.annotations.NullMarked;

/**
 * Python's {@code contextvars} on the JVM.
 */
@NullMarked
module io.github.contextvars {

	requires static transitive org.jspecify;

	exports io.github.contextvars;

}
