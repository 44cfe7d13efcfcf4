/**
 * Which context variables an application has declared, and how it describes them.
 */
@NullMarked
package io.github.contextvars.spring.declare;

import org.jspecify.annotations.NullMarked;
