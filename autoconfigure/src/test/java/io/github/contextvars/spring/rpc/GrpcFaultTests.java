package io.github.contextvars.spring.rpc;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Seeded faults in what gives gRPC calls a context, which {@link GrpcPropagationTests}
 * must detect.
 */
@Tag("stress")
class GrpcFaultTests {

	@Test
	void rightCodePasses() {
		assertThat(SeededFault.NONE.detectedBy(GrpcPropagationTests.class)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					ContextServerInterceptor       | create(UnitOfWork.Kind.CALL, method::getFullMethodName)          | capture(UnitOfWork.Kind.CALL, method::getFullMethodName).create() | callOnTheThreadOfItsClientBeginsEmpty
					ContextServerInterceptor       | <ServerCall.Listener<Q>, RuntimeException>call(unit,             | <ServerCall.Listener<Q>, RuntimeException>call(this.workRegistry.capture(unit, UnitOfWork.Kind.CALL, () -> "").create(), | callsAreSeparate
					ContextServerInterceptor       | inCall(() -> super.onMessage(message)); | super.onMessage(message);    | callsAreSeparate
					ContextServerInterceptor       | inCall(() -> super.onMessage(message)); | this.workRegistry.capture(this.unit, UnitOfWork.Kind.CALL, () -> "").run(() -> super.onMessage(message)); | callsAreSeparate
					ContextServerInterceptor       | inCall(() -> super.onMessage(message)); | this.workRegistry.enter(this.unit);\\nsuper.onMessage(message); | callsThatFailAreSeparate
					ContextServerInterceptor       | inCall(super::onHalfClose);            | super.onHalfClose();           | callsAreSeparate
					ContextServerInterceptor       | inCall(super::onReady);                | super.onReady();               | callsAreSeparate
					ContextServerInterceptor       | end(super::onCancel);                                            | super.onCancel();              | callIsListedUntilItIsCancelled
					ContextServerInterceptor       | end(super::onComplete);                                          | super.onComplete();            | callsAreSeparate
					ContextServerInterceptor       | this.workRegistry.complete(this.unit);                           | ``                             | callIsListedUntilItIsCancelled
					ContextServerInterceptor       | this.workRegistry.awaitCompletion(unit, listener, (ended) -> false); | ``                         | callIsListedUntilItIsCancelled
					ContextServerBuilderCustomizer | builder.intercept(this.interceptors.apply(!builder.getClass().getName().contains(".servlet.")));                             | ``                             | callsAreSeparate
					ContextServerBuilderCustomizer | return LOWEST_PRECEDENCE;                                        | return HIGHEST_PRECEDENCE;     | callsAreSeparate
					ContextServerBuilderCustomizer | this.built.remove(Thread.currentThread()) != null                | this.built.remove(Thread.currentThread()) == null | serversAreReported
					ContextServerBuilderCustomizer | return false;                                                    | return true;                   | serversAreReported
					""")
	void faultIsDetected(String type, String text, String replacement, String test) {
		assertThat(SeededFault.in(getClass().getPackageName() + "." + type, text, replacement.translateEscapes())
			.detectedBy(GrpcPropagationTests.class, test)).isNotEmpty();
	}

}
