/**
 * Context variables: variables whose values belong to a unit of work instead of a thread.
 * <ul>
 * <li>{@link io.github.contextvars.ContextVar} is a variable, declared once and read
 * anywhere.</li>
 * <li>{@link io.github.contextvars.Context} maps variables to values, and runs code.</li>
 * <li>{@link io.github.contextvars.Token} restores a variable's previous value.</li>
 * <li>{@link io.github.contextvars.ContextExecutors} propagates contexts to other
 * threads.</li>
 * </ul>
 * The model is that of Python's {@code contextvars}
 * (<a href="https://peps.python.org/pep-0567/">PEP 567</a>).
 */
@NullMarked
package io.github.contextvars;

import org.jspecify.annotations.NullMarked;
