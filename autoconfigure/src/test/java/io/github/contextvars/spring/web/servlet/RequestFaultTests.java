package io.github.contextvars.spring.web.servlet;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.util.ClassUtils;

import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Seeded faults in what is done for a request beside its dispatches, which
 * {@code RequestPropagationTests}, {@code WaitingRequestsTests} and
 * {@code FailedRequestLogTests} must detect.
 */
@Tag("stress")
class RequestFaultTests {

	private static final String PROCESSING = "RequestPropagationTests";

	private static final String WAITING = "work.WaitingRequestsTests";

	private static final String FAILING = "logging.FailedRequestLogTests";

	// The rest of the first depends on a registry that all loaders of classes share.
	@ParameterizedTest
	@CsvSource({ PROCESSING + ", interceptorsSeeValuesOfTheRequestAndNotOfTheOneThatCompletesIt",
			PROCESSING + ", interceptorsSeeWhatTheRequestOrItsTaskHasSet", WAITING + ',', FAILING + ',' })
	void rightCodePasses(String tests, String test) {
		assertThat((test != null) ? SeededFault.NONE.detectedBy(classOf(tests), test)
				: SeededFault.NONE.detectedBy(classOf(tests)))
			.isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					DeferredResultInterceptorBeanPostProcessor | wrapper != null                                         | false | interceptorsSeeValuesOfTheRequestAndNotOfTheOneThatCompletesIt
					ContextCallableProcessingInterceptor       | snapshot.openIfNecessary()                              | null  | interceptorsSeeWhatTheRequestOrItsTaskHasSet
					""")
	void faultIsDetectedWhileRequestsAreProcessed(String type, String text, String replacement, String test) {
		assertDetected(PROCESSING, type, text, replacement, test);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					ContextPropagatingRequestWrapper | request.workRegistry.complete(request.unit);                | `` | requestIsNoLongerListedWhenItHasEnded
					ContextPropagatingRequestWrapper | this.workRegistry.awaitCompletion(this.unit, this, (request) -> false) | false | requestIsListedWhileItWaits
					ContextPropagatingRequestWrapper | this.valuesBeforeDispatch = this.unit.context().copy();     | `` | variableThatIsResetWhileItsRequestGoesOnIsWarnedOfOnce
					ContextPropagatingRequestWrapper | RESET.add(variable.name())                                  | true | variableThatIsResetWhileItsRequestGoesOnIsWarnedOfOnce
					ContextFilter                    | wrapper.warnOfReset();                                      | `` | variableThatIsResetWhileItsRequestGoesOnIsWarnedOfOnce
					""")
	void faultIsDetectedWhileRequestsWait(String type, String text, String replacement, String test) {
		assertDetected(WAITING, type, text, replacement, test);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					ContextFilter | scope = bracket.keep(scope);           | ``  | lineOfFailedRequestShowsItsLoggedVariables
					ContextFilter | if (this.scope != null) {              | if (false) { | errorDispatchAfterTheLineHasTheContext
					""")
	void faultIsDetectedWhenRequestsFail(String type, String text, String replacement, String test) {
		assertDetected(FAILING, type, text, replacement, test);
	}

	private void assertDetected(String tests, String type, String text, String replacement, String test) {
		assertThat(SeededFault.in(getClass().getPackageName() + "." + type, text, replacement)
			.detectedBy(classOf(tests), test)).isNotEmpty();
	}

	private static Class<?> classOf(String tests) {
		return ClassUtils.resolveClassName("io.github.contextvars.spring." + tests, null);
	}

}
