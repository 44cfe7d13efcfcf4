/**
 * A minimal web application, and what compares it with the starter and without.
 */
package io.github.contextvars.benchmarks.web;
