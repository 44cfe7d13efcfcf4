/**
 * Context variables: values that belong to a unit of work instead of a thread.
 * <ul>
 * <li>{@link io.github.contextvars.ContextVar} is declared once and read anywhere.</li>
 * <li>{@link io.github.contextvars.Context} maps variables to values, and runs code.</li>
 * <li>{@link io.github.contextvars.Token} undoes one {@code set()}.</li>
 * <li>{@link io.github.contextvars.ContextExecutors} carries contexts to other
 * threads.</li>
 * </ul>
 * The model is that of Python's {@code contextvars}
 * (<a href="https://peps.python.org/pep-0567/">PEP 567</a>).
 */
@NullMarked
package io.github.contextvars;

import org.jspecify.annotations.NullMarked;
