/**
 * A context for each message of Spring Integration, with its sender's values where the
 * message stays in memory.
 */
@NullMarked
package io.github.contextvars.spring.integration;

import org.jspecify.annotations.NullMarked;
