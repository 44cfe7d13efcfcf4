/**
 * Units of work as events of Flight Recorder.
 */
@NullMarked
package io.github.contextvars.spring.jfr;

import org.jspecify.annotations.NullMarked;
