/**
 * What servlet and reactive applications share.
 */
@NullMarked
package io.github.contextvars.spring.web;

import org.jspecify.annotations.NullMarked;
