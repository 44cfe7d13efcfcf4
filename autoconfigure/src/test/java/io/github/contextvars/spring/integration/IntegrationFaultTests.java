package io.github.contextvars.spring.integration;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.github.contextvars.spring.task.ContextTaskDecorator;
import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Seeded faults in what gives messages of Spring Integration a context, which
 * {@link IntegrationPropagationTests} must detect.
 */
@Tag("stress")
class IntegrationFaultTests {

	@Test
	void rightCodePasses() {
		assertThat(SeededFault.NONE.detectedBy(IntegrationPropagationTests.class)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					MessageContexts             | (snapshot != null) ? snapshot.create() : continued(poll);       | continued(poll);                      | polledMessagesHaveTheirSendersValues
					MessageContexts             | poll != null && poll.awaitsMessage                              | poll != null                          | messageThatHandlerReceivesItselfIsNotEntered
					MessageContexts             | this.workRegistry.get().enter(poll.context)                     | Context.copyOfCurrent().enter()       | polledMessagesSeeNothingOfWhatTheirExecutorBrings
					MessageContexts             | create(UnitOfWork.Kind.MESSAGE, poll.origin, null, poll.context) | capture(UnitOfWork.Kind.MESSAGE).create() | messagesThatAreStoredBeginEmpty
					MessageContexts             | this.polls.remove();                                            | ``                                    | messageThatAnotherTaskReceivesAfterPollIsNotEntered
					MessageContexts             | present.close();                                                | ``                                    | eachMessageOfSourceBeginsEmpty
					MessageContexts             | this.workRegistry.get().capture(kind, origin).wrap(task)        | task                                  | channelsInMemoryBringTheirSendersValues
					SendingContextInterceptor   | && queue.getClass().getClassLoader() == null                    | ``                                    | messagesThatAreStoredBeginEmpty
					ReceivingContextInterceptor | this.contexts.receive(message);                                 | ``                                    | polledMessagesHaveTheirSendersValues
					ReceivingContextInterceptor | this.contexts.receive(message);\\n		return MessageWithContext.messageOf(message); | return message;                  | errorMessageIsOneAgainWhenItIsReceived
					ContextIntegrationConfiguration | new SendingContextInterceptor(contexts), Ordered.LOWEST_PRECEDENCE | new SendingContextInterceptor(contexts), Ordered.HIGHEST_PRECEDENCE | polledMessagesHaveTheirSendersValues
					ContextIntegrationConfiguration | new ReceivingContextInterceptor(contexts), Ordered.HIGHEST_PRECEDENCE | new ReceivingContextInterceptor(contexts), Ordered.LOWEST_PRECEDENCE | polledMessagesHaveTheirSendersValues
					IntegrationContextBeanPostProcessor | chain.add(0, new PollContextAdvice(endpoint, this.contexts)); | chain.add(new PollContextAdvice(endpoint, this.contexts)); | polledMessagesSeeNothingOfWhatTheirExecutorBrings
					IntegrationContextBeanPostProcessor | instrument(factory.getObject());                        | ``                                    | eachMessageOfSourceBeginsEmptyWithoutBoot
					IntegrationContextBeanPostProcessor | && factory.getObject() instanceof AbstractPollingEndpoint endpoint) {\\n			instrument(endpoint); | && factory.isRunning()) { | channelsInMemoryBringTheirSendersValues
					IntegrationContextBeanPostProcessor | this.contexts.withContext(decorator.decorate(task), channel) | decorator.decorate(task)           | channelsInMemoryBringTheirSendersValues
					IntegrationContextBeanPostProcessor | this.contexts.beginning(handler, channel)               | handler                               | channelsInMemoryBringTheirSendersValues
					FromContextBeanPostProcessor | composite.clear();                                             | ``                                    | parametersAreBoundFromContext
					FromContextBeanPostProcessor | if (bean instanceof                                            | if (name.isEmpty() && bean instanceof | parametersAreNeverBoundToThePayload
					""")
	void faultIsDetected(String type, String text, String replacement, String test) {
		assertThat(SeededFault.in(getClass().getPackageName() + "." + type, text.translateEscapes(), replacement)
			.detectedBy(IntegrationPropagationTests.class, test)).isNotEmpty();
	}

	@Test
	void pollerThatKeepsItsStartersValuesIsDetected() {
		assertThat(SeededFault.in(ContextTaskDecorator.class, "|| type.startsWith(POLLER)", "")
			.detectedBy(IntegrationPropagationTests.class, "pollerThatRequestStartsBeginsEmpty")).isNotEmpty();
	}

}
