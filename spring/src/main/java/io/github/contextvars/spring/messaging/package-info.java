/**
 * A context for each message of a listener.
 */
@NullMarked
package io.github.contextvars.spring.messaging;

import org.jspecify.annotations.NullMarked;
