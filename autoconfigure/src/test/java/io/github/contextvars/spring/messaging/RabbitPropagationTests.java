package io.github.contextvars.spring.messaging;

import java.nio.charset.StandardCharsets;
import java.util.List;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.amqp.core.AnonymousQueue;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageListener;
import org.springframework.amqp.core.MessagePostProcessor;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.amqp.rabbit.batch.SimpleBatchingStrategy;
import org.springframework.amqp.rabbit.config.RetryInterceptorBuilder;
import org.springframework.amqp.rabbit.config.SimpleRabbitListenerContainerFactory;
import org.springframework.amqp.rabbit.connection.ConnectionFactory;
import org.springframework.amqp.rabbit.core.BatchingRabbitTemplate;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.amqp.rabbit.listener.DirectMessageListenerContainer;
import org.springframework.amqp.rabbit.listener.SimpleMessageListenerContainer;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.util.ErrorHandler;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.testing.MixedWork;
import io.github.contextvars.spring.testing.Services;
import io.github.contextvars.spring.testing.WorkerProbe;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Each message of a RabbitMQ container has a context of its own, from the first
 * post-processor to the error handler. The broker is one that answers on its standard
 * port of this machine; without it, the tests are skipped.
 */
class RabbitPropagationTests {

	private final long leakedScopes = Context.leakedScopes();

	private WorkerProbe.Threads threads;

	private ConfigurableApplicationContext application;

	@BeforeAll
	static void requireBroker() {
		assumeTrue(Services.RABBITMQ.isThere(), Services.RABBITMQ::absence);
	}

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

		List<MixedWork.Unit> units = send("annotated");

		work().assertSeen(units, (unit) -> {
			String value = unit.expected();
			List<String> handled = List.of("received -", "listener " + value + " " + value);
			if (unit.id().endsWith("-unit-102")) {
				return List.of("received -", "error handler " + value);
			}
			return BrokerApplication.fails(unit.id()) ? List.of("received -", "listener " + value + " " + value,
					"listener " + value + " " + value, "recoverer " + value, "error handler " + value) : handled;
		});
		BrokerApplication.assertPropagates(this.application, "annotated");
	}

	@Test
	void messagesOfPlainListenersAreSeparateWhateverHasStartedTheirContainer() {
		start(Threading.PLATFORM);
		new Context().run(() -> {
			MixedWork.TENANT.set("starter");
			this.application.getBean("plainContainer", SimpleMessageListenerContainer.class).start();
		});

		work().assertSeen(send("plain"), (unit) -> List.of("listener -"));
		BrokerApplication.assertPropagates(this.application, "plainContainer");
	}

	@Test
	void messagesOfDirectContainersAreSeparate() {
		start(Threading.PLATFORM);

		work().assertSeen(send("direct"), (unit) -> List.of("received -", "listener " + unit.expected()));
		BrokerApplication.assertPropagates(this.application, "directContainer");
	}

	@Test
	void partsOfBatchesAreSeparate() {
		start(Threading.PLATFORM);
		List<MixedWork.Unit> units = BrokerApplication.units("batched-");
		ThreadPoolTaskScheduler scheduler = new ThreadPoolTaskScheduler();
		scheduler.initialize();
		BatchingRabbitTemplate template = new BatchingRabbitTemplate(this.application.getBean(ConnectionFactory.class),
				new SimpleBatchingStrategy(10, 100_000, 60_000), scheduler);
		for (MixedWork.Unit unit : units) {
			template.convertAndSend(queue("batched"), (Object) unit.id(), headers("batch"));
		}
		scheduler.shutdown();

		work().assertSeen(units, (unit) -> List.of("listener batch"));
	}

	@Test
	void errorOfPostProcessorLeavesNoContextOnTheThread() {
		start(Threading.PLATFORM);
		SimpleMessageListenerContainer container = this.application.getBean("brokenContainer",
				SimpleMessageListenerContainer.class);
		container.setTaskExecutor((loop) -> this.threads.newThread(loop).start());
		container.start();

		this.application.getBean(RabbitTemplate.class).convertAndSend(queue("broken"), (Object) "error");

		Awaitility.await().until(() -> !container.isRunning());
		container.shutdown();
	}

	private void start(Threading threading) {
		this.threads = WorkerProbe.Threads.of(threading);
		this.application = new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE)
			.initializers((context) -> ((GenericApplicationContext) context).registerBean(WorkerProbe.Threads.class,
					() -> this.threads))
			.properties("tests.frameworks=amqp", "spring.main.banner-mode=off",
					"logging.level.org.springframework.amqp=off", threading.property())
			.run();
	}

	private MixedWork work() {
		return this.application.getBean(MixedWork.class);
	}

	private String queue(String name) {
		return this.application.getBean(name + "Queue", Queue.class).getName();
	}

	private List<MixedWork.Unit> send(String name) {
		List<MixedWork.Unit> units = BrokerApplication.units(name + "-");
		RabbitTemplate template = this.application.getBean(RabbitTemplate.class);
		for (MixedWork.Unit unit : units) {
			template.convertAndSend(queue(name), (Object) unit.id(), headers(unit.tenant()));
		}
		return units;
	}

	private static MessagePostProcessor headers(String tenant) {
		return (message) -> {
			if (tenant != null) {
				message.getMessageProperties().setHeader("tenant", tenant);
			}
			return message;
		};
	}

	private static String textOf(Message message) {
		return new String(message.getBody(), StandardCharsets.UTF_8);
	}

	/**
	 * An application whose post-processor of received messages fills the variable.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

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
		Queue annotatedQueue() {
			return new AnonymousQueue();
		}

		@Bean
		Queue plainQueue() {
			return new AnonymousQueue();
		}

		@Bean
		Queue directQueue() {
			return new AnonymousQueue();
		}

		@Bean
		Queue batchedQueue() {
			return new AnonymousQueue();
		}

		@Bean
		MessagePostProcessor received(MixedWork work) {
			return (message) -> {
				String id = textOf(message);
				String tenant = message.getMessageProperties().getHeader("tenant");
				work.begin(id, "received", tenant);
				if (id.endsWith("annotated-unit-102")) {
					throw new IllegalStateException(id);
				}
				return message;
			};
		}

		@Bean
		SimpleRabbitListenerContainerFactory rabbitListenerContainerFactory(ConnectionFactory connectionFactory,
				WorkerProbe.Threads threads, MixedWork work, MessagePostProcessor received) {
			SimpleRabbitListenerContainerFactory factory = new SimpleRabbitListenerContainerFactory();
			factory.setConnectionFactory(connectionFactory);
			factory.setTaskExecutor(executor(threads));
			factory.setConcurrentConsumers(2);
			factory.setDefaultRequeueRejected(false);
			factory.setAfterReceivePostProcessors(received);
			factory.setAdviceChain(RetryInterceptorBuilder.stateless().maxRetries(1).recoverer((message, cause) -> {
				work.see(textOf(message), "recoverer");
				throw new IllegalStateException(textOf(message));
			}).build());
			factory.setErrorHandler(new Failures(work));
			return factory;
		}

		private static SimpleAsyncTaskExecutor executor(WorkerProbe.Threads threads) {
			SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor();
			executor.setThreadFactory(threads);
			return executor;
		}

		@Bean
		SimpleMessageListenerContainer plainContainer(ConnectionFactory connectionFactory, Queue plainQueue,
				@Qualifier("pool") ThreadPoolTaskExecutor pool, MixedWork work) {
			SimpleMessageListenerContainer container = new SimpleMessageListenerContainer(connectionFactory);
			container.setQueues(plainQueue);
			container.setTaskExecutor(pool);
			container.setAutoStartup(false);
			container.setMessageListener((message) -> work.end(textOf(message), "listener"));
			return container;
		}

		@Bean
		DirectMessageListenerContainer directContainer(ConnectionFactory connectionFactory, Queue directQueue,
				MessagePostProcessor received, MixedWork work) {
			DirectMessageListenerContainer container = new DirectMessageListenerContainer(connectionFactory);
			container.setQueues(directQueue);
			container.setConsumersPerQueue(2);
			container.setAfterReceivePostProcessors(received);
			container.setMessageListener((message) -> work.end(textOf(message), "listener"));
			return container;
		}

		@Bean
		SimpleMessageListenerContainer batchedContainer(ConnectionFactory connectionFactory, Queue batchedQueue,
				WorkerProbe.Threads threads, MixedWork work) {
			SimpleMessageListenerContainer container = new SimpleMessageListenerContainer(connectionFactory);
			container.setQueues(batchedQueue);
			container.setTaskExecutor(executor(threads));
			container.setAfterReceivePostProcessors((message) -> {
				MixedWork.TENANT.set(message.getMessageProperties().getHeader("tenant"));
				return message;
			});
			container.setMessageListener((MessageListener) (message) -> work.end(textOf(message), "listener"));
			return container;
		}

		@Bean
		Queue brokenQueue() {
			return new AnonymousQueue();
		}

		@Bean
		@SuppressWarnings("removal") // there is no other way to go on after an Error
		SimpleMessageListenerContainer brokenContainer(ConnectionFactory connectionFactory, Queue brokenQueue) {
			SimpleMessageListenerContainer container = new SimpleMessageListenerContainer(connectionFactory);
			container.setQueues(brokenQueue);
			container.setAutoStartup(false);
			container.setAfterReceivePostProcessors((message) -> {
				throw new NoClassDefFoundError("planned");
			});
			container.setShutdownTimeout(100);
			// By default the JVM exits.
			container.setjavaLangErrorHandler((error) -> {
			});
			container.setMessageListener((message) -> {
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
		Listener listener(MixedWork work) {
			return new Listener(work);
		}

	}

	static class Listener {

		private final MixedWork work;

		Listener(MixedWork work) {
			this.work = work;
		}

		@RabbitListener(id = "annotated", queues = "#{annotatedQueue.name}")
		void on(@Payload String id, @FromContext("tenant") String tenant) {
			this.work.see(id, "listener " + tenant);
			if (BrokerApplication.fails(id)) {
				throw new IllegalStateException(id);
			}
			MixedWork.TENANT.set("left by " + id);
		}

	}

	static final class Failures implements ErrorHandler {

		private final MixedWork work;

		Failures(MixedWork work) {
			this.work = work;
		}

		@Override
		public void handleError(Throwable ex) {
			Throwable cause = ex;
			while (cause.getMessage() == null || !cause.getMessage().startsWith("annotated-")) {
				cause = cause.getCause();
			}
			this.work.end(cause.getMessage(), "error handler");
		}

	}

}
