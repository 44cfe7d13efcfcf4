/**
 * A context for each WebSocket session, and for each of its messages.
 */
@NullMarked
package io.github.contextvars.spring.web.socket;

import org.jspecify.annotations.NullMarked;
