/**
 * Which context variables an application has declared, and how it describes them.
 */
@NullMarked
package io.github.contextvars.spring.registry;

import org.jspecify.annotations.NullMarked;
