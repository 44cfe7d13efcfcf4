package io.github.contextvars.spring;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jms.annotation.EnableJms;
import org.springframework.jms.annotation.JmsListener;
import org.springframework.jms.config.DefaultJmsListenerContainerFactory;
import org.springframework.jms.config.JmsListenerEndpointRegistry;
import org.springframework.jms.listener.DefaultMessageListenerContainer;
import org.springframework.kafka.annotation.KafkaListener;

import io.github.contextvars.Context;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsMessagingAutoConfiguration;
import io.github.contextvars.spring.testing.ThreadContextProbe;
import io.github.contextvars.spring.testing.WorkerProbe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Each message of a listener begins empty.
 */
@ExtendWith(OutputCaptureExtension.class)
class ListenerPropagationTests {

	private static final int MESSAGES = 4;

	@Test
	void eachMessageOfJmsListenerBeginsEmpty() throws Exception {
		assertEachMessageBeginsEmpty();
	}

	/**
	 * Send messages to a listener of an application that is started inside a context.
	 */
	static void assertEachMessageBeginsEmpty(String... properties) throws Exception {
		WorkerProbe.Threads threads = new WorkerProbe.Threads();
		new Context().run(() -> {
			PropagationAssertions.TENANT.set("starter");
			runner(properties).withBean(WorkerProbe.Threads.class, () -> threads)
				.withUserConfiguration(JmsApplication.class)
				.run((context) -> {
					assertThat(context).hasNotFailed();
					assertThat(context.getBean(JmsListenerEndpointRegistry.class).getListenerContainer("orders"))
						.isInstanceOf(DefaultMessageListenerContainer.class);
					JmsApplication application = context.getBean(JmsApplication.class);
					for (String text : List.of("first", "failing", "third", "fourth")) {
						application.broker.send(text);
					}
					JmsApplication.Listener listener = context.getBean(JmsApplication.Listener.class);
					PropagationAssertions.await(listener.received());
					assertThat(listener.seen()).hasSize(MESSAGES).containsOnly("none, none");
				});
			assertThat(PropagationAssertions.TENANT.get()).isEqualTo("starter");
		});
		threads.joinAndAssertClean();
	}

	@Test
	void annotationsAreKnownByTheirNames() {
		runner().withBean(KafkaStyleListener.class).run((context) -> {
			KafkaStyleListener listener = context.getBean(KafkaStyleListener.class);
			new Context().run(() -> {
				PropagationAssertions.TENANT.set("caller");
				assertThat(listener.on("first")).isEqualTo("none, none");
				assertThat(listener.on("second")).isEqualTo("none, none");
				assertThatIllegalStateException().isThrownBy(() -> listener.on("failing"));
				assertThat(PropagationAssertions.TENANT.get()).isEqualTo("caller");
				assertThat(listener.other()).isEqualTo("caller");
			});
			assertThat(listener.on("outside")).isEqualTo("none, none");
			assertThat(ThreadContextProbe.isInContext()).isFalse();
		});
	}

	@Test
	void listenerThatCannotBeProxiedIsNamedInWarning(CapturedOutput output) {
		runner().withBean(FinalListener.class).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(output).contains("WARN").contains("FinalListener.on").contains("does not get a context");
		});
	}

	private static ApplicationContextRunner runner(String... properties) {
		return new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class,
					ContextVarsMessagingAutoConfiguration.class, AopAutoConfiguration.class))
			.withPropertyValues(properties);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableJms
	static class JmsApplication {

		private final FakeBroker broker = new FakeBroker();

		@Bean
		DefaultJmsListenerContainerFactory jmsListenerContainerFactory(WorkerProbe.Threads threads) {
			DefaultJmsListenerContainerFactory factory = new DefaultJmsListenerContainerFactory();
			factory.setConnectionFactory(this.broker.connectionFactory());
			factory.setTaskExecutor((task) -> threads.newThread(task).start());
			factory.setReceiveTimeout(50L);
			factory.setErrorHandler((ex) -> assertThat(ex).hasRootCauseMessage("planned"));
			return factory;
		}

		@Bean
		Listener listener() {
			return new Listener();
		}

		static class Listener {

			private final List<String> seen = new CopyOnWriteArrayList<>();

			private final CountDownLatch received = new CountDownLatch(MESSAGES);

			@JmsListener(id = "orders", destination = "orders")
			void on(String text) {
				this.seen.add(PropagationAssertions.swap());
				this.received.countDown();
				if (text.equals("failing")) {
					throw new IllegalStateException("planned");
				}
			}

			List<String> seen() {
				return this.seen;
			}

			CountDownLatch received() {
				return this.received;
			}

		}

	}

	static class KafkaStyleListener {

		@KafkaListener
		String on(String message) {
			if (message.equals("failing")) {
				PropagationAssertions.swap();
				throw new IllegalStateException("planned");
			}
			return PropagationAssertions.swap();
		}

		String other() {
			return PropagationAssertions.TENANT.get();
		}

	}

	static final class FinalListener {

		@KafkaListener
		void on(String message) {
		}

	}

}
