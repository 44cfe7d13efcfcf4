/**
 * The actuator endpoint that lists context variables.
 */
@NullMarked
package io.github.contextvars.spring.boot.actuate;

import org.jspecify.annotations.NullMarked;
