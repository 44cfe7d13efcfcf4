/**
 * Auto-configuration for context variables, and its properties.
 */
@NullMarked
package io.github.contextvars.spring.boot.autoconfigure;

import org.jspecify.annotations.NullMarked;
