/**
 * Methods that run in a context of their own: {@code @ContextScoped} and the advice
 * behind it.
 */
@NullMarked
package io.github.contextvars.spring.scoped;

import org.jspecify.annotations.NullMarked;
