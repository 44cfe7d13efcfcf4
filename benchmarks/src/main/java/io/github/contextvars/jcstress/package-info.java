/**
 * jcstress tests of the core: each races two threads some million times, and lists the
 * outcomes that are allowed. Not null-marked, because the code that jcstress generates in
 * this package is not.
 */
package io.github.contextvars.jcstress;
