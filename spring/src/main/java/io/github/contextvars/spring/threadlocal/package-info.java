/**
 * Propagation through Micrometer's context propagation.
 */
@NullMarked
package io.github.contextvars.spring.threadlocal;

import org.jspecify.annotations.NullMarked;
