/**
 * A copy of the submitter's context for each task that goes to another thread.
 */
@NullMarked
package io.github.contextvars.spring.task;

import org.jspecify.annotations.NullMarked;
