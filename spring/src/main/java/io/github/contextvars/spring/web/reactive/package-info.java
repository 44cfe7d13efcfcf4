/**
 * A context for each exchange of Spring WebFlux, copied for each signal, and the values
 * of variables as arguments of controller methods.
 */
@NullMarked
package io.github.contextvars.spring.web.reactive;

import org.jspecify.annotations.NullMarked;
