/**
 * The registry of declared context variables, the scan for them, the formatting of their
 * values, and what happens outside any context.
 */
@NullMarked
package io.github.contextvars.spring.registry;

import org.jspecify.annotations.NullMarked;
