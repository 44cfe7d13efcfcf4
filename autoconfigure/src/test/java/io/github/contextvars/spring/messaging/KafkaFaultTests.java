package io.github.contextvars.spring.messaging;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Seeded faults in what gives Kafka's records a context, which
 * {@link KafkaPropagationTests} must detect.
 */
@Tag("stress")
class KafkaFaultTests {

	@Test
	void rightCodePasses() {
		assertThat(SeededFault.NONE.detectedBy(KafkaPropagationTests.class)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					KafkaContexts                 | poll.leaveMessage();\\n			WorkRegistry                   | WorkRegistry     | batchesAreSeparate
					KafkaContexts                 | this.polls.remove();\\n			poll.leaveMessage();           | this.polls.remove(); | batchesAreSeparate
					KafkaContexts                 | poll.leaveMessage();\\n			poll.scope.close();            | ``               | recordsAreSeparate
					KafkaContexts                 | enter(new Context())                                         | enter(Context.copyOfCurrent())  | recordsOfPlainListenerAreSeparateWhateverHasStartedItsContainer
					KafkaContexts                 | Poll poll = currentPoll(interceptor);\\n		if (poll.interceptor | Poll poll = this.polls.get(); if (poll != null && poll.interceptor | batchesAreSeparate
					KafkaContexts                 | registry.create(UnitOfWork.Kind.MESSAGE, origin)             | registry.capture(UnitOfWork.Kind.MESSAGE, origin).create() | recordsOfPlainListenerAreSeparateWhateverHasStartedItsContainer
					KafkaContexts                 | currentPoll(interceptor).message == null                     | false            | recordThatCannotBeDeserializedFailsInContextOfItsOwn
					KafkaContexts                 | if (poll == null) {                                          | if (true) {      | interceptorThatCustomizerComposesOrReplacesIsSurrounded
					KafkaRecordContextInterceptor | this.contexts.begin(this, originOf(record));\\n		this | this | recordsAreSeparate
					KafkaRecordContextInterceptor | this.contexts.end(this);                                     | ``               | recordThatCannotBeDeserializedFailsInContextOfItsOwn
					KafkaRecordContextInterceptor | this.contexts.endPoll(this);                                 | ``               | recordsAreSeparate
					KafkaBatchContextInterceptor  | this.contexts.begin(this, originOf(records));\\n		return     | return           | batchesAreSeparate
					KafkaContextBeanPostProcessor | return Integer.MIN_VALUE;                                    | return Integer.MAX_VALUE; | interceptorThatCustomizerComposesOrReplacesIsSurrounded
					KafkaContextBeanPostProcessor | known.isRunning()) {\\n				instrument(known);           | known.isRunning()) { | interceptorThatCustomizerComposesOrReplacesIsSurrounded
					""")
	void faultIsDetected(String type, String text, String replacement, String test) {
		assertThat(SeededFault.in(getClass().getPackageName() + "." + type, text.translateEscapes(), replacement)
			.detectedBy(KafkaPropagationTests.class, test)).isNotEmpty();
	}

}
