/**
 * Meters of contexts for Micrometer, and values of variables in its observations.
 */
@NullMarked
package io.github.contextvars.spring.observation;

import org.jspecify.annotations.NullMarked;
