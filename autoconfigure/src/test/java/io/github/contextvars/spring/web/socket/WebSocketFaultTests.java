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

	@Test
	void rightCodeOfServerEndpointsPasses() {
		assertThat(SeededFault.NONE.detectedBy(ServerEndpointTests.class)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					ContextEndpointConfigurator | config.getUserProperties().put(HANDSHAKE, snapshot);      | ``                                        | configuratorOfTheApplicationIsAsked
					ContextEndpointConfigurator | this.handshake.set(new WeakReference<>(snapshot));        | ``                                        | messagesOfSessionsAreSeparate
					ContextEndpointConfigurator | InstantiationException>call(session,                      | InstantiationException>call(registry.create(UnitOfWork.Kind.SESSION, this.origin), | messagesOfSessionsAreSeparate
					ContextEndpointConfigurator | this.delegate.modifyHandshake(config, request, response); | ``                                        | configuratorOfTheApplicationIsAsked
					ContextEndpointConfigurator | this.delegate.getNegotiatedSubprotocol(supported, requested) | ""                                     | messagesOfSessionsAreSeparate
					EndpointSession             | this.registry.capture(this.unit, UnitOfWork.Kind.MESSAGE, this.unit::origin) | this.registry.capture(UnitOfWork.Kind.MESSAGE) | messagesOfSessionsAreSeparate
					EndpointSession             | Throwable>call(this.unit,                                 | Throwable>call(this.registry.create(UnitOfWork.Kind.SESSION, this.unit::origin), | messagesOfSessionsAreSeparate
					EndpointSession             | return handle(method, arguments);                         | return call(method, arguments);           | messagesOfSessionsAreSeparate
					EndpointSession             | known != null && !known.isOpen()                          | false                                     | sessionIsListedUntilItIsClosed
					EndpointProxyClass          | AnnotatedElementUtils.hasAnnotation(method, OnError.class) | false                                    | messageThatFailsIsHandledInACopyAndLeavesNothing
					EndpointProxyClass          | visitAnnotation(Type.getDescriptor(ServerEndpoint.class), true) | visitAnnotation(Type.getDescriptor(Deprecated.class), true) | messagesOfSessionsAreSeparate
					EndpointProxyClass          | enhancer.setCallbackFilter(FILTER);                       | enhancer.setCallbackFilter(FILTER); enhancer.setUseCache(false); | classOfProxiesIsGeneratedOnce
					ServerEndpointContextBeanPostProcessor | .subprotocols(List.of(annotation.subprotocols())) | ``                                       | messagesOfSessionsAreSeparate
					ServerEndpointContextBeanPostProcessor | jetty ? proxyClass.proxyClass() : type         | type                                      | configuratorOfTheApplicationIsAsked
					ServerEndpointContextBeanPostProcessor | Modifier.isFinal(type.getModifiers())          | false                                     | endpointThatCannotBeProxiedWorksAndIsNamed
					ServerEndpointContextBeanPostProcessor | tomcat ? first(hiddenMembers(type)) : null     | null                                      | endpointThatTomcatPreparesIsLeftAloneAndNamed
					ServerEndpointContextBeanPostProcessor | startsWith("org.apache.tomcat.")               | isEmpty() == false                        | endpointInAnotherContainerIsLeftAloneAndNamed
					""")
	void faultIsDetectedInServerEndpoints(String type, String text, String replacement, String test) {
		assertThat(SeededFault.in(getClass().getPackageName() + "." + type, text, replacement)
			.detectedBy(ServerEndpointTests.class, test)).isNotEmpty();
	}

}
