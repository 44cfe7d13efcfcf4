package io.github.contextvars.spring.web.socket;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Seeded faults in what gives WebSocket sessions and their messages a context, which
 * {@link WebSocketPropagationTests} must detect.
 */
@Tag("stress")
class WebSocketFaultTests {

	@Test
	void rightCodePasses() {
		assertThat(SeededFault.NONE.detectedBy(WebSocketPropagationTests.class)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					WebSocketSessionContexts      | attributes.put(HANDSHAKE, unit)                        | attributes.size()                       | messagesOfSessionsAreSeparate
					WebSocketSessionContexts      | copy(this.workRegistry.get(), session) : null          | session : null                          | messagesOfSessionsAreSeparate
					WebSocketSessionContexts      | attributes.put(SESSION, unit);                         | ``                                      | messagesOverSockJsAreSeparate
					WebSocketSessionContexts      | handle(session, ending);                               | ending.run();                           | messageThatFailsEndsItsSessionOnly
					WebSocketSessionContexts      | opening.open(registry, session);                       | opening.open(registry, copy(registry, session)); | framesOfStompAreSeparate
					WebSocketSessionContexts      | opening.open(registry, copy(registry, session));       | ``                                      | framesThatAreHandledInTheirOrderAreSeparate
					WebSocketSessionContexts      | if (this.passing.close() != null) {                    | if (this.passing.current() != null) {   | threadsThatSendTheNextFrameAreCleanAlsoWhereTasksDoNotPropagate
					WebSocketSessionContexts      | frames.open(registry, copy(registry, session));        | frames.close();                         | framesOfStompAreSeparate
					ContextWebSocketHandler       | this.contexts.handle(session, () -> super.handleMessage(session, message)); | super.handleMessage(session, message); | messagesOfSessionsAreSeparate
					ContextWebSocketBeanPostProcessor | all.add(new ContextHandshakeInterceptor(this.contexts)); | ``                                 | framesOfStompOverSockJsAreSeparate
					FromContextBeanPostProcessor  | handler.setArgumentResolvers(null);                    | ``                                      | framesOfStompAreSeparate
					FromContextBeanPostProcessor  | bean instanceof SimpAnnotationMethodMessageHandler handler | bean instanceof SimpAnnotationMethodMessageHandler handler && name.isEmpty() | parametersAreNeverBoundToThePayload
					""")
	void faultIsDetected(String type, String text, String replacement, String test) {
		assertThat(SeededFault.in(getClass().getPackageName() + "." + type, text, replacement)
			.detectedBy(WebSocketPropagationTests.class, test)).isNotEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					this.handshake.set(new WeakReference<>(snapshot));               | ``                       | messagesOfSessionsAreSeparate
					capture(this.session, UnitOfWork.Kind.MESSAGE, this.session::origin) | capture(UnitOfWork.Kind.MESSAGE) | messagesOfSessionsAreSeparate
					this.delegate.modifyHandshake(config, request, response);        | ``                       | configuratorOfTheApplicationIsAsked
					.subprotocols(List.of(annotation.subprotocols()))                | ``                       | messagesOfSessionsAreSeparate
					Modifier.isFinal(type.getModifiers())                            | false                    | endpointThatCannotBeProxiedWorksAndIsNamed
					startsWith("org.eclipse.jetty.")                                 | startsWith("none")       | endpointOnJettyWorksAndIsNamed
					""")
	void faultIsDetectedInServerEndpoints(String text, String replacement, String test) {
		assertThat(SeededFault
			.in(getClass().getPackageName() + ".ServerEndpointContextBeanPostProcessor", text, replacement)
			.detectedBy(ServerEndpointTests.class, test)).isNotEmpty();
	}

}
