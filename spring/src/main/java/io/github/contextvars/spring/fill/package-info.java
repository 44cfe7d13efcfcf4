/**
 * What fills the variables of a unit of work that begins: headers of requests and
 * authenticated principals.
 */
@NullMarked
package io.github.contextvars.spring.fill;

import org.jspecify.annotations.NullMarked;
