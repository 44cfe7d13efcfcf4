/**
 * Contexts and values for the tests of an application.
 */
@NullMarked
package io.github.contextvars.test;

import org.jspecify.annotations.NullMarked;
