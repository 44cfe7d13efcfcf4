package io.github.contextvars.spring.web.servlet;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Seeded faults in what propagates a request's context to callbacks of non-blocking IO,
 * which {@link NonBlockingIoTests} must detect.
 */
@Tag("stress")
class NonBlockingIoFaultTests {

	private static final String SEPARATE = "callbacksOfRequestsAreSeparate";

	private static final String FAILING = "callbacksOfRequestsThatFailAreSeparate";

	@Test
	void rightCodePasses() {
		assertThat(SeededFault.NONE.detectedBy(NonBlockingIoTests.class)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					ContextFilter                    | wrapper.propagating(request)             | request
					ContextFilter                    | wrapper.propagating(response)            | response
					ContextPropagatingRequestWrapper | propagating(httpRequest)                 | httpRequest
					ContextPropagatingRequestWrapper | propagating(httpResponse)                | httpResponse
					ContextPropagatingRequestWrapper | this.workRegistry.capture(this.unit, UnitOfWork.Kind.TASK, | this.workRegistry.capture(UnitOfWork.Kind.TASK,
					ContextPropagatingRequestWrapper | snapshot.<Boolean, X>call(               | this.workRegistry.<Boolean, X>call(this.unit,
					ContextPropagatingInputStream    | request.runInCopy("onDataAvailable", this.delegate::onDataAvailable) | delegate.isReady();\\nthis.delegate.onDataAvailable()
					ContextPropagatingInputStream    | request.runInCopy("onAllDataRead", this.delegate::onAllDataRead) | delegate.isReady();\\nthis.delegate.onAllDataRead()
					ContextPropagatingOutputStream   | request.runInCopy("onWritePossible", this.delegate::onWritePossible) | delegate.isReady();\\nthis.delegate.onWritePossible()
					""")
	void faultIsDetected(String type, String text, String replacement) {
		assertDetected(type, text, replacement.translateEscapes(), SEPARATE);
	}

	@ParameterizedTest
	@CsvSource({ "ContextPropagatingInputStream", "ContextPropagatingOutputStream" })
	void faultInFailingCallbackIsDetected(String type) {
		assertDetected(type, "request.runInCopy(\"onError\", () -> this.delegate.onError(failure))",
				"delegate.isReady();\nthis.delegate.onError(failure)", FAILING);
	}

	private void assertDetected(String type, String text, String replacement, String test) {
		assertThat(SeededFault.in(getClass().getPackageName() + "." + type, text, replacement)
			.detectedBy(NonBlockingIoTests.class, test)).isNotEmpty();
	}

}
