/**
 * Values that cross processes: sent with requests and messages to the places that are
 * named, and received from the peers that are trusted.
 */
@NullMarked
package io.github.contextvars.spring.remote;

import org.jspecify.annotations.NullMarked;
