/**
 * Values of variables in log events.
 */
@NullMarked
package io.github.contextvars.spring.logging;

import org.jspecify.annotations.NullMarked;
