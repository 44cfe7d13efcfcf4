/**
 * A context for each remote procedure call.
 */
@NullMarked
package io.github.contextvars.spring.rpc;

import org.jspecify.annotations.NullMarked;
