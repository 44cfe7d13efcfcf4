/**
 * The example of Python's {@code contextvars} documentation: a server that greets its
 * client by an address that is not passed to the greeting.
 */
@NullMarked
package io.github.contextvars.demo.hello;

import org.jspecify.annotations.NullMarked;
