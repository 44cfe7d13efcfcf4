/**
 * A fresh context for each HTTP request, through all its dispatches, and the values of
 * variables as arguments of controller methods.
 */
@NullMarked
package io.github.contextvars.spring.web.servlet;

import org.jspecify.annotations.NullMarked;
