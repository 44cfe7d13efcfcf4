/**
 * What JMH measures.
 */
package io.github.contextvars.benchmarks;
