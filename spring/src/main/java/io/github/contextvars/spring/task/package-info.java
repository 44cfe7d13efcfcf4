/**
 * Propagation to the tasks of executors and schedulers, and to {@code @Async} methods.
 */
@NullMarked
package io.github.contextvars.spring.task;

import org.jspecify.annotations.NullMarked;
