/**
 * A context for each servlet request, through all its dispatches, and the values of
 * variables as arguments of controller methods.
 */
@NullMarked
package io.github.contextvars.spring.web.servlet;

import org.jspecify.annotations.NullMarked;
