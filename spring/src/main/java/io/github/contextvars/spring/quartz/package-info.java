/**
 * A context for each firing of a Quartz job.
 */
@NullMarked
package io.github.contextvars.spring.quartz;

import org.jspecify.annotations.NullMarked;
