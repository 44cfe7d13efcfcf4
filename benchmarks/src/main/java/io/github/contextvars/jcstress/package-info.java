/**
 * What two threads may see of the core when they race, tried by jcstress some million
 * times each. Not null-marked, as the code is not that jcstress generates here.
 */
package io.github.contextvars.jcstress;
