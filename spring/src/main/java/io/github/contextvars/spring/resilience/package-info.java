/**
 * The caller's context in what Resilience4j and Spring Cloud CircuitBreaker run on
 * threads of their own.
 */
@NullMarked
package io.github.contextvars.spring.resilience;

import org.jspecify.annotations.NullMarked;
