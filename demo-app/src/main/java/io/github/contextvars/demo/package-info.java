/**
 * Notebook: notes of several tenants, each in a database of its own. {@link Caller} says
 * who is calling; everything else finds out where it needs to, on whichever thread.
 */
@NullMarked
package io.github.contextvars.demo;

import org.jspecify.annotations.NullMarked;
