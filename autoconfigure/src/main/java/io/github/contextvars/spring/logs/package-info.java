/**
 * Values of variables in log events.
 */
@NullMarked
package io.github.contextvars.spring.logs;

import org.jspecify.annotations.NullMarked;
