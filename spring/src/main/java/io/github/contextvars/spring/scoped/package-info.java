/**
 * Methods that run in a scope: the advice behind {@code @ContextScoped}, its settings and
 * its validation.
 */
@NullMarked
package io.github.contextvars.spring.scoped;

import org.jspecify.annotations.NullMarked;
