/**
 * All annotations of the library.
 */
@NullMarked
package io.github.contextvars.spring.annotation;

import org.jspecify.annotations.NullMarked;
