/**
 * The printer: a second service, which prints and mails what Notebook sends. Tenant and
 * user arrive with requests and messages, and no code here reads a header.
 */
@NullMarked
package io.github.contextvars.printer;

import org.jspecify.annotations.NullMarked;
