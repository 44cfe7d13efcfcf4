/**
 * Auto-configuration for context variables, and its properties.
 */
@NullMarked
package io.github.contextvars.spring.autoconfigure;

import org.jspecify.annotations.NullMarked;
