/**
 * Units of work, the registry through which an application enters their contexts, and
 * snapshots for work that runs later or on another thread.
 */
@NullMarked
package io.github.contextvars.spring.work;

import org.jspecify.annotations.NullMarked;
