/**
 * The library and its peers: the same operations on each.
 */
package io.github.contextvars.benchmarks.peers;
