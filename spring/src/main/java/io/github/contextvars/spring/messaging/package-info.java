/**
 * Propagation for message listeners: each message begins with a context of its own.
 */
@NullMarked
package io.github.contextvars.spring.messaging;

import org.jspecify.annotations.NullMarked;
