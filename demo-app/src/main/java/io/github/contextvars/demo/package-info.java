/**
 * Notebook: a service that keeps the notes of several tenants, each in a separate
 * database. {@link TenantInterceptor} sets tenant and user once for each request; all
 * other code reads them where it needs them, on any thread.
 */
@NullMarked
package io.github.contextvars.demo;

import org.jspecify.annotations.NullMarked;
