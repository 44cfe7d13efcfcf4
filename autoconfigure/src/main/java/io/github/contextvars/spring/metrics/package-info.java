/**
 * Meters of contexts for Micrometer, and values of variables for its observations.
 */
@NullMarked
package io.github.contextvars.spring.metrics;

import org.jspecify.annotations.NullMarked;
