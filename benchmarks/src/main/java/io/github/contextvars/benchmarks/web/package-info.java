/**
 * A minimal web application, and its measurement with and without the starter.
 */
package io.github.contextvars.benchmarks.web;
