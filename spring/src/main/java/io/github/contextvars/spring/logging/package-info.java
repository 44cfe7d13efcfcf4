/**
 * Values of variables in the log events of Logback and Log4j2.
 */
@NullMarked
package io.github.contextvars.spring.logging;

import org.jspecify.annotations.NullMarked;
