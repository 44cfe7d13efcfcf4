package io.github.contextvars.spring.messaging;

import java.util.List;

import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageListener;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.jms.annotation.JmsListener;
import org.springframework.jms.config.DefaultJmsListenerContainerFactory;
import org.springframework.jms.core.JmsTemplate;
import org.springframework.jms.listener.DefaultMessageListenerContainer;
import org.springframework.jms.support.converter.SimpleMessageConverter;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.util.ErrorHandler;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextSetting;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.testing.MixedWork;
import io.github.contextvars.spring.testing.WorkerProbe;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Each message of a JMS container has a context of its own, from the converter to the
 * error handler. The broker is Artemis, in the same JVM.
 */
class JmsPropagationTests {

	// How long a container waits for its consumers when it stops, by default a second.
	private static final long RECEIVE_TIMEOUT = 50;

	private final long leakedScopes = Context.leakedScopes();

	private WorkerProbe.Threads threads;

	private ConfigurableApplicationContext application;

	@AfterEach
	void closeAndAssertClean() throws Exception {
		this.application.close();
		this.threads.joinAndAssertClean();
		assertThat(Context.leakedScopes()).isEqualTo(this.leakedScopes);
	}

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void messagesAreSeparate(Threading threading) {
		start(threading);

		List<MixedWork.Unit> units = send("annotated", "annotated-");

		work().assertSeen(units, (unit) -> {
			String value = unit.expected();
			String listener = "listener " + value + " " + value;
			return BrokerApplication.fails(unit.id()) ? List.of("converter -", listener, "error handler " + value)
					: List.of("converter -", listener);
		});
		BrokerApplication.assertPropagates(this.application, "annotated");
	}

	@Test
	void messagesOfPlainListenersAreSeparateWhateverHasStartedTheirContainer() {
		start(Threading.PLATFORM);
		new Context().run(() -> {
			MixedWork.TENANT.set("starter");
			this.application.getBean("plainContainer", DefaultMessageListenerContainer.class).start();
		});

		work().assertSeen(send("plain", "plain-"), (unit) -> List.of("loop - listener -"));
		BrokerApplication.assertPropagates(this.application, "plainContainer");
	}

	@Test
	void settingsOfScopedListenersGoOnWorking() {
		start(Threading.PLATFORM);

		List<MixedWork.Unit> units = send("scoped", "scoped-").stream()
			.filter((unit) -> unit.tenant() != null)
			.toList();

		work().assertSeen(units, (unit) -> List.of("converter -", "listener of " + unit.tenant()));
	}

	private void start(Threading threading) {
		this.threads = WorkerProbe.Threads.of(threading);
		this.application = new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE)
			.initializers((context) -> ((GenericApplicationContext) context).registerBean(WorkerProbe.Threads.class,
					() -> this.threads))
			.properties("tests.frameworks=artemis,jms", "spring.main.banner-mode=off",
					"spring.artemis.embedded.queues=annotated,plain,scoped", "logging.level.org.apache=off",
					threading.property())
			.run();
	}

	private MixedWork work() {
		return this.application.getBean(MixedWork.class);
	}

	private List<MixedWork.Unit> send(String queue, String prefix) {
		List<MixedWork.Unit> units = BrokerApplication.units(prefix);
		JmsTemplate template = this.application.getBean(JmsTemplate.class);
		for (MixedWork.Unit unit : units) {
			template.send(queue, (session) -> {
				TextMessage message = session.createTextMessage(unit.id());
				if (unit.tenant() != null) {
					message.setStringProperty("tenant", unit.tenant());
				}
				return message;
			});
		}
		return units;
	}

	private static String textOf(Message message) {
		try {
			return ((TextMessage) message).getText();
		}
		catch (JMSException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * An application whose converter fills the variable.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		private static final ThreadLocal<String> LOOP = new ThreadLocal<>();

		@Bean
		@ContextVariable
		ContextVar<String> tenant() {
			return MixedWork.TENANT;
		}

		@Bean
		MixedWork work() {
			return new MixedWork();
		}

		@Bean
		DefaultJmsListenerContainerFactory jmsListenerContainerFactory(ConnectionFactory connectionFactory,
				WorkerProbe.Threads threads, MixedWork work) {
			DefaultJmsListenerContainerFactory factory = new DefaultJmsListenerContainerFactory();
			factory.setConnectionFactory(connectionFactory);
			SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor();
			executor.setThreadFactory(threads);
			factory.setTaskExecutor(executor);
			factory.setConcurrency("2");
			factory.setReceiveTimeout(RECEIVE_TIMEOUT);
			factory.setMessageConverter(new Converter(work));
			factory.setErrorHandler(new Failures(work));
			return factory;
		}

		// Each loop ends after a few messages, and begins again with the next.
		@Bean
		DefaultMessageListenerContainer plainContainer(ConnectionFactory connectionFactory,
				@Qualifier("pool") ThreadPoolTaskExecutor pool, MixedWork work) {
			DefaultMessageListenerContainer container = new DefaultMessageListenerContainer() {

				@Override
				protected void messageReceived(Object invoker, Session session) {
					LOOP.set(MixedWork.TENANT.get());
					super.messageReceived(invoker, session);
				}

			};
			container.setConnectionFactory(connectionFactory);
			container.setDestinationName("plain");
			container.setTaskExecutor(pool);
			container.setMaxMessagesPerTask(3);
			container.setReceiveTimeout(RECEIVE_TIMEOUT);
			container.setAutoStartup(false);
			container.setMessageListener((MessageListener) (message) -> {
				String id = textOf(message);
				work.see(id, "loop " + LOOP.get() + " listener");
				MixedWork.TENANT.set("left by " + id);
			});
			return container;
		}

		@Bean
		ThreadPoolTaskExecutor pool() {
			ThreadPoolTaskExecutor pool = new ThreadPoolTaskExecutor();
			pool.setCorePoolSize(2);
			return pool;
		}

		@Bean
		Listeners listeners(MixedWork work) {
			return new Listeners(work);
		}

	}

	static class Listeners {

		private final MixedWork work;

		Listeners(MixedWork work) {
			this.work = work;
		}

		@JmsListener(id = "annotated", destination = "annotated")
		void on(@Payload String id, @FromContext("tenant") String tenant) {
			this.work.end(id, "listener " + tenant);
			if (BrokerApplication.fails(id)) {
				MixedWork.TENANT.set(tenant);
				throw new IllegalStateException(id);
			}
		}

		@JmsListener(id = "scoped", destination = "scoped")
		@ContextScoped(set = @ContextSetting(variable = "tenant", value = "'of ' + #tenant"))
		void onScoped(@Payload String id, @Header(name = "tenant", defaultValue = "nobody") String tenant) {
			this.work.see(id, "listener");
		}

	}

	static final class Converter extends SimpleMessageConverter {

		private final MixedWork work;

		Converter(MixedWork work) {
			this.work = work;
		}

		@Override
		public Object fromMessage(Message message) throws JMSException {
			String tenant = message.getStringProperty("tenant");
			this.work.begin(textOf(message), "converter", textOf(message).startsWith("scoped") ? null : tenant);
			return super.fromMessage(message);
		}

	}

	static final class Failures implements ErrorHandler {

		private final MixedWork work;

		Failures(MixedWork work) {
			this.work = work;
		}

		@Override
		public void handleError(Throwable ex) {
			this.work.end(ex.getCause().getMessage(), "error handler");
		}

	}

}
