/**
 * Which contexts run at this moment, what for, since when, and what they were copied
 * from.
 */
@NullMarked
package io.github.contextvars.spring.work;

import org.jspecify.annotations.NullMarked;
