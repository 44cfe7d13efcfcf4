/**
 * Runs what is measured, judges the results, and draws them.
 */
package io.github.contextvars.benchmarks.report;
