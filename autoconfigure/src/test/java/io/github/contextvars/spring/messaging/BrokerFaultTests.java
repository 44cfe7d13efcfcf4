package io.github.contextvars.spring.messaging;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.github.contextvars.spring.testing.Services;
import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Seeded faults in what gives messages of JMS, RabbitMQ, Redis and Pulsar a context,
 * which {@link JmsPropagationTests}, {@link RabbitPropagationTests},
 * {@link RedisPropagationTests} and {@link PulsarPropagationTests} must detect.
 */
@Tag("stress")
class BrokerFaultTests {

	@Test
	void rightCodePasses() {
		assertThat(SeededFault.NONE.detectedBy(JmsPropagationTests.class)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
							messaging.MessageContexts             | last.error() == error                       | last.error() != error                     | messagesAreSeparate
					messaging.JmsContextBeanPostProcessor | container.setErrorHandler(new ContextErrorHandler(handler, origin, this.contexts)); | `` | messagesAreSeparate
							messaging.JmsContextBeanPostProcessor | return ContainerFactoryProxies.proxy(bean, name, this::instrument); | return bean;      | messagesAreSeparate
							messaging.JmsContextBeanPostProcessor | new ContextListener(plain, origin, this.contexts) | plain                               | messagesOfPlainListenersAreSeparateWhateverHasStartedTheirContainer
							messaging.FromContextConfiguration    | factory.setCustomArgumentResolvers(List.of(resolver)); | ``                             | messagesAreSeparate
							task.ContextTaskDecorator             | if (type.startsWith(loop)) {                | if (false) {                                     | messagesOfPlainListenersAreSeparateWhateverHasStartedTheirContainer
							""")
	void faultIsDetectedWithJms(String type, String text, String replacement, String test) {
		assertDetected(JmsPropagationTests.class, type, text, replacement, test);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
							messaging.MessageContexts | last.error() == error                                       | last.error() != error   | messagesAreSeparate
					messaging.MessageContexts | this.failed.set(new Failed(unit, ex));                      | ``                      | messagesAreSeparate
					messaging.MessageContexts | (present != null) ? present.unit() : create(origin)         | create(origin)          | messagesAreSeparate
					messaging.MessageContexts | this.received.set(new Received(unit, batch));               | ``                      | messagesOfDirectContainersAreSeparate
					messaging.MessageContexts | R result = call(unit, processing);                          | this.workRegistry.get().enter(unit); R result = processing.call(); | errorOfPostProcessorLeavesNoContextOnTheThread
					messaging.MessageContexts | capture(batch, UnitOfWork.Kind.MESSAGE, origin).create()    | create(UnitOfWork.Kind.MESSAGE, origin) | partsOfBatchesAreSeparate
					messaging.RabbitContextBeanPostProcessor | Stream.of(new ContextAdvice(this.contexts)), Stream.of(adviceOf(container)) | Stream.of(adviceOf(container)), Stream.of(new ContextAdvice(this.contexts)) | messagesAreSeparate
							messaging.RabbitContextBeanPostProcessor | if (this.contexts.isBatch() && !isBatch(message)) {          | if (false) { | partsOfBatchesAreSeparate
							messaging.RabbitContextBeanPostProcessor | ? ContainerFactoryProxies.proxy(bean, name, this::instrument) : bean | ? bean : bean | messagesAreSeparate
							""")
	void faultIsDetectedWithRabbit(String type, String text, String replacement, String test) {
		assumeTrue(Services.RABBITMQ.isThere(), Services.RABBITMQ::absence);
		assertDetected(RabbitPropagationTests.class, type, text, replacement, test);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					messaging.RedisContextBeanPostProcessor | registry.run(registry.create(UnitOfWork.Kind.MESSAGE, () -> "Redis message"), message) | message.run() | messagesOfChannelsAreSeparate
					messaging.RedisContextBeanPostProcessor | return new RedisStreamContextContainer<>((StreamMessageListenerContainer<?, ?>) bean, this.contexts); | return bean; | recordsOfStreamsAreSeparate
					messaging.RedisStreamContextContainer   | new ContextErrorHandler(handler, origin, this.contexts)       | handler  | recordsOfStreamsAreSeparate
					messaging.RedisStreamContextContainer   | new ContextListener<>(listener, origin, this.contexts)        | listener | recordsOfStreamsAreSeparate
					messaging.MessageContexts               | last.error() == error                                         | last.error() != error | recordsOfStreamsAreSeparate
					messaging.FromContextConfiguration      | resolvers.add(0, resolver);                                   | ``       | messagesOfChannelsAreSeparate
					task.ContextTaskDecorator               | "org.springframework.data.redis.stream.",                     | ``       | recordsOfStreamsAreSeparateWhateverHasStartedTheirContainer
					""")
	void faultIsDetectedWithRedis(String type, String text, String replacement, String test) {
		assumeTrue(Services.REDIS.isThere(), Services.REDIS::absence);
		assertDetected(RedisPropagationTests.class, type, text, replacement, test);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					messaging.MessageContexts                 | last.error() == error                              | last.error() != error | messagesAreSeparate
					messaging.MessageContexts                 | last.error().getCause() == error                   | false                 | causesAreHandledInTheContextOfTheirBatch
					messaging.PulsarContextBeanPostProcessor  | return ContainerFactoryProxies.proxy(bean, name, this::instrument); | return bean; | messagesAreSeparate
					messaging.PulsarContextBeanPostProcessor  | new LoopExecutor(executor)                         | executor              | messagesOfPlainListenersAreSeparateWhateverHasStartedTheirContainer
					messaging.PulsarContextBeanPostProcessor  | proxy.addAdvice(new ListenerInterceptor(this.contexts)); | ``              | batchesAreSeparate
					messaging.PulsarContextBeanPostProcessor  | reading.getContainerProperties().setReaderListener(wrapped); | ``          | messagesOfReadersAreSeparate
					messaging.PulsarContextBeanPostProcessor  | new ContextConsumerErrorHandler<>(handler, this.contexts) | handler        | messagesAreSeparate
					""")
	void faultIsDetectedWithPulsar(String type, String text, String replacement, String test) {
		assertDetected(PulsarPropagationTests.class, type, text, replacement, test);
	}

	private static void assertDetected(Class<?> tests, String type, String text, String replacement, String test) {
		assertThat(SeededFault
			.in("io.github.contextvars.spring." + type, text.translateEscapes(), replacement.translateEscapes())
			.detectedBy(tests, test)).isNotEmpty();
	}

}
