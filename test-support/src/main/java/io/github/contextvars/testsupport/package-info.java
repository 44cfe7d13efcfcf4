/**
 * Fixtures that the library's own tests share. Not published.
 * <ul>
 * <li>{@link io.github.contextvars.testsupport.SeededFault} changes one line of the
 * library for the worse, and runs the test that must detect it.</li>
 * <li>{@link io.github.contextvars.testsupport.TestThreads} runs bodies on threads whose
 * failures reach the test, {@link io.github.contextvars.testsupport.TestJvm} runs a main
 * class in another JVM, and {@link io.github.contextvars.testsupport.Threading} lists the
 * kinds of threads.</li>
 * <li>{@link io.github.contextvars.testsupport.LogCapture} records what the library logs,
 * {@link io.github.contextvars.testsupport.Garbage} tells what was collected.</li>
 * <li>{@link io.github.contextvars.testsupport.Corpus},
 * {@link io.github.contextvars.testsupport.Seeds} and
 * {@link io.github.contextvars.testsupport.HostileValues} supply the inputs of fuzz and
 * random tests.</li>
 * </ul>
 */
package io.github.contextvars.testsupport;
