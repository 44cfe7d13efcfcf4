/**
 * Contexts for runners and ready-listeners, and the line that is logged on startup.
 */
@NullMarked
package io.github.contextvars.spring.boot.startup;

import org.jspecify.annotations.NullMarked;
