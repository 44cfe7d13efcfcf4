package io.github.contextvars.spring.integration;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import org.aopalliance.intercept.MethodInterceptor;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.integration.autoconfigure.IntegrationAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.integration.annotation.Gateway;
import org.springframework.integration.annotation.InboundChannelAdapter;
import org.springframework.integration.annotation.IntegrationComponentScan;
import org.springframework.integration.annotation.MessagingGateway;
import org.springframework.integration.annotation.Poller;
import org.springframework.integration.annotation.ServiceActivator;
import org.springframework.integration.channel.AbstractPollableChannel;
import org.springframework.integration.channel.DirectChannel;
import org.springframework.integration.channel.ExecutorChannel;
import org.springframework.integration.channel.PartitionedChannel;
import org.springframework.integration.channel.PriorityChannel;
import org.springframework.integration.channel.PublishSubscribeChannel;
import org.springframework.integration.channel.QueueChannel;
import org.springframework.integration.channel.RendezvousChannel;
import org.springframework.integration.config.ConsumerEndpointFactoryBean;
import org.springframework.integration.config.EnableIntegration;
import org.springframework.integration.config.SourcePollingChannelAdapterFactoryBean;
import org.springframework.integration.dsl.ExecutorChannelSpec;
import org.springframework.integration.dsl.IntegrationFlow;
import org.springframework.integration.dsl.MessageChannels;
import org.springframework.integration.dsl.Pollers;
import org.springframework.integration.dsl.context.IntegrationFlowContext;
import org.springframework.integration.endpoint.AbstractPollingEndpoint;
import org.springframework.integration.endpoint.MethodInvokingMessageSource;
import org.springframework.integration.scheduling.PollerMetadata;
import org.springframework.integration.store.MessageGroupQueue;
import org.springframework.integration.store.SimpleMessageStore;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.MessageHandler;
import org.springframework.messaging.MessagingException;
import org.springframework.messaging.PollableChannel;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.messaging.support.ChannelInterceptor;
import org.springframework.messaging.support.ErrorMessage;
import org.springframework.messaging.support.ExecutorSubscribableChannel;
import org.springframework.messaging.support.GenericMessage;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.concurrent.SimpleAsyncTaskScheduler;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.scheduling.support.PeriodicTrigger;

import io.github.contextvars.Context;
import io.github.contextvars.ContextExecutors;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsIntegrationAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;
import io.github.contextvars.spring.testing.MixedWork;
import io.github.contextvars.spring.testing.WorkerProbe;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/**
 * Each message of Spring Integration has a context of its own, with its sender's values
 * where the message stays in memory.
 */
class IntegrationPropagationTests {

	private static final int UNITS = 240;

	private static final ContextVar<String> NOTE = ContextVar.of("note", "-");

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
	void polledMessagesHaveTheirSendersValues(Threading threading) {
		start(threading, Orders.class);

		List<MixedWork.Unit> units = send("orders");

		work().assertSeen(units, (unit) -> orders(unit, "-"));
		assertThat(seen("advice")).isNotEmpty().containsOnly("-");
	}

	@Test
	void polledMessagesSeeNothingOfWhatTheirExecutorBrings() {
		start(Threading.PLATFORM, Orders.class, PollingExecutor.class);

		List<MixedWork.Unit> units = send("orders");

		work().assertSeen(units, (unit) -> orders(unit, "executors"));
		assertThat(seen("advice")).isNotEmpty().containsOnly("-");
	}

	private static List<String> orders(MixedWork.Unit unit, String error) {
		String value = unit.expected();
		List<String> handled = List.of("preSend " + value, "postReceive " + value, "handler noted " + value);
		return fails(unit.id()) ? concat(handled, "error " + error) : handled;
	}

	@Test
	void unitOfWorkIsTheMessagesWithItsSenderAsParent() {
		start(Threading.PLATFORM, Orders.class);
		WorkRegistry registry = this.application.getBean(WorkRegistry.class);
		registry.startCounting();
		UnitOfWork request = registry.create(UnitOfWork.Kind.REQUEST, () -> "GET /");

		registry.run(request, () -> channel("orders").send(new GenericMessage<>("described")));

		Awaitility.await().untilAsserted(() -> assertThat(seen("described")).hasSize(1));
		assertThat(seen("described")).containsExactly("message channel orders of " + request.id());
		assertThat(registry.count(UnitOfWork.Kind.MESSAGE)).isOne();
	}

	@Test
	void channelsInMemoryBringTheirSendersValues() {
		start(Threading.PLATFORM, Channels.class);

		assertBrings("priority", "-");
		assertBrings("rendezvous", "-");
		assertBrings("flow", "-");
		assertBrings("declared", "-");
		assertBrings("onBean", "left");
		assertBrings("onExecutor", "left");
		assertBrings("specified", "left");
		assertBrings("partitioned", "-");
	}

	private void assertBrings(String channel, String error) {
		List<MixedWork.Unit> units = send(channel);

		work().assertSeen(units, (unit) -> {
			List<String> handled = List.of("handler " + unit.expected());
			return fails(unit.id()) ? concat(handled, "error " + error) : handled;
		});
	}

	@Test
	void eachSubscriberHasTheSendersValues() {
		start(Threading.PLATFORM, Published.class);

		List<MixedWork.Unit> units = send("published");

		work().assertSeenInAnyOrder(units, (unit) -> List.of("one " + unit.expected(), "other " + unit.expected()));
	}

	@Test
	void messagesThatAreStoredBeginEmpty() {
		start(Threading.PLATFORM, Stores.class, PollingExecutor.class);

		for (String channel : List.of("stored", "inQueueOfOthers", "ofOthers")) {
			List<MixedWork.Unit> units = send(channel);

			work().assertSeen(units, (unit) -> List.of("handler -"));
		}
		assertThat(seen("stored")).doesNotContain(MessageWithContext.class.getName());
	}

	@ParameterizedTest
	@ValueSource(classes = { Supplying.class, SupplyingFlow.class })
	void eachMessageOfSourceBeginsEmpty(Class<?> source) {
		start(Threading.PLATFORM, source);

		work().assertSeen(MixedWork.units(UNITS), (unit) -> List.of("source -", "handler left by " + unit.id()));
	}

	@Test
	void eachMessageOfSourceBeginsEmptyWithoutBoot() {
		this.threads = WorkerProbe.Threads.of(Threading.PLATFORM);
		this.application = new AnnotationConfigApplicationContext(Declared.class);

		work().assertSeen(MixedWork.units(UNITS), (unit) -> List.of("source -", "handler left by " + unit.id()));
	}

	@Test
	void messageThatHandlerReceivesItselfIsNotEntered() {
		start(Threading.PLATFORM, Receiving.class);
		as("another",
				() -> MixedWork.units(UNITS).forEach((unit) -> channel("others").send(new GenericMessage<>("text"))));

		List<MixedWork.Unit> units = send("receiving");

		work().assertSeen(units, (unit) -> List.of("handler " + unit.expected(), "GenericMessage " + unit.expected()));
	}

	@Test
	void messageThatAnotherTaskReceivesAfterPollIsNotEntered() throws Exception {
		start(Threading.PLATFORM, Receiving.class);
		ThreadPoolTaskScheduler scheduler = this.application.getBean(ThreadPoolTaskScheduler.class);
		PollableChannel others = this.application.getBean("others", PollableChannel.class);
		Awaitility.await().until(() -> seen("advice").size() > 20);

		for (int i = 0; i < 20; i++) {
			as("another", () -> others.send(new GenericMessage<>("text")));
			assertThat(scheduler.submit(() -> others.receive(0).getPayload() + " " + MixedWork.TENANT.get()).get())
				.isEqualTo("text -");
		}
	}

	@Test
	void errorMessageIsOneAgainWhenItIsReceived() {
		start(Threading.PLATFORM, Receiving.class);

		channel("others").send(new ErrorMessage(new IllegalStateException("planned")));

		assertThat(((PollableChannel) channel("others")).receive(0)).isInstanceOf(ErrorMessage.class);
		assertThat(Context.depth()).isZero();
	}

	@Test
	void gatewaysBringTheirCallersValues() throws Exception {
		start(Threading.PLATFORM, Gateways.class);
		Calls calls = this.application.getBean(Calls.class);
		OtherCalls onExecutor = this.application.getBean(OtherCalls.class);
		Queue<Future<String>> results = new ConcurrentLinkedQueue<>();

		List<MixedWork.Unit> units = send("call", (id) -> results
			.addAll(List.of(calls.future(id), calls.completable(id), calls.nested(id), onExecutor.completable(id))));

		for (Future<String> result : results) {
			assertThat(result.get(30, TimeUnit.SECONDS)).isEqualTo("done");
		}
		work().assertSeen(units, (unit) -> Collections.nCopies(4, "handler " + unit.expected()));
	}

	@Test
	void pollerThatRequestStartsBeginsEmpty() {
		start(Threading.PLATFORM, Started.class);
		as("starter", this.application.getBean(Started.class)::start);

		work().assertSeen(MixedWork.units(UNITS), (unit) -> {
			List<String> handled = List.of("source -", "handler left by " + unit.id());
			return fails(unit.id()) ? concat(handled, "error -") : handled;
		});
	}

	@Test
	void parametersAreBoundFromContext() {
		start(Threading.PLATFORM, Bound.class);

		as("alice", () -> channel("channel").send(new GenericMessage<>("text")));

		Awaitility.await().untilAsserted(() -> assertThat(seen("bound")).containsExactly("alice"));
	}

	@Test
	void pollersChannelsAndGatewaysAreReported() {
		start(Threading.PLATFORM, Orders.class, Channels.class, Gateways.class);
		PropagationSource report = this.application.getBean("contextVarsIntegrationBeanPostProcessor",
				PropagationSource.class);

		assertThat(report.entries())
			.extracting(PropagationSource.Entry::name, PropagationSource.Entry::category,
					PropagationSource.Entry::mechanism)
			.contains(tuple("integrationPropagationTests.Orders.handle.serviceActivator", "poller", "advice"),
					tuple("orders", "channel", "interceptor"), tuple("onExecutor", "channel", "executor"),
					tuple("partitioned", "channel", "task decorator"),
					tuple("handlingFlow.org.springframework.integration.config.ConsumerEndpointFactoryBean#0", "poller",
							"advice"),
					tuple("calls", "gateway", "executor"));
		this.application.getBean("orders", QueueChannel.class).setInterceptors(List.of());
		this.application
			.getBean("integrationPropagationTests.Orders.handle.serviceActivator", AbstractPollingEndpoint.class)
			.setAdviceChain(List.of());
		assertThat(report.entries()).filteredOn((entry) -> !entry.propagates())
			.extracting(PropagationSource.Entry::name, PropagationSource.Entry::reason)
			.containsExactlyInAnyOrder(tuple("integrationPropagationTests.Orders.handle.serviceActivator",
					"its advice chain was replaced"), tuple("orders", "its interceptors were replaced"));
	}

	@Test
	void channelsOfOthersHaveNoInterceptor() {
		start(Threading.PLATFORM, Stores.class);

		assertThat(
				this.application.getBean("clientInboundChannel", ExecutorSubscribableChannel.class).getInterceptors())
			.isEmpty();
		assertThat(this.application.getBean("errorChannel", PublishSubscribeChannel.class).getInterceptors()).isEmpty();
		assertThat(this.application.getBean("ofOthers", ChannelOfOthers.class).getInterceptors()).isEmpty();
	}

	@Test
	void nothingIsChangedWhereMessagingIsDisabled() {
		start(Threading.PLATFORM, "contextvars.messaging.enabled=false", Orders.class);

		assertThat(this.application.getBean("orders", QueueChannel.class).getInterceptors()).hasSize(1);
		assertThat(this.application.containsBean("contextVarsIntegrationBeanPostProcessor")).isFalse();
	}

	@Test
	void parametersAreNeverBoundToThePayload() {
		start(Threading.PLATFORM, "contextvars.messaging.enabled=false", Bound.class);

		channel("channel").send(new GenericMessage<>("what the sender writes"));

		Awaitility.await().untilAsserted(() -> assertThat(seen("bound")).containsExactly("-"));
	}

	private void start(Threading threading, Class<?>... configurations) {
		start(threading, "contextvars.messaging.enabled=true", configurations);
	}

	private void start(Threading threading, String property, Class<?>... configurations) {
		this.threads = WorkerProbe.Threads.of(threading);
		this.application = new SpringApplicationBuilder(Application.class).sources(configurations)
			.web(WebApplicationType.NONE)
			.initializers((GenericApplicationContext context) -> {
				context.registerBean(WorkerProbe.Threads.class, () -> this.threads);
				context.registerBean(Threading.class, () -> threading);
				context.registerBean(WorkConfiguration.Tracking.class);
			})
			.run("--tests.frameworks=integration", "--spring.main.banner-mode=off", "--" + property,
					"--logging.level.org.springframework.integration=off", "--contextvars.outside-context.get=allow",
					"--contextvars.outside-context.set=allow");
	}

	private MixedWork work() {
		return this.application.getBean(MixedWork.class);
	}

	private List<String> seen(String what) {
		return this.application.getBean(Seen.class)
			.lines()
			.stream()
			.filter((line) -> line.startsWith(what + " "))
			.map((line) -> line.substring(what.length() + 1))
			.toList();
	}

	private MessageChannel channel(String name) {
		return this.application.getBean(name, MessageChannel.class);
	}

	private List<MixedWork.Unit> send(String channel) {
		MessageChannel target = channel(channel);
		return send(channel, (id) -> target.send(new GenericMessage<>(id)));
	}

	private static List<MixedWork.Unit> send(String name, Consumer<String> sender) {
		List<MixedWork.Unit> units = MixedWork.units(UNITS)
			.stream()
			.map((unit) -> new MixedWork.Unit(name + " " + unit.id(), unit.tenant()))
			.toList();
		for (MixedWork.Unit unit : units) {
			as(unit.tenant(), () -> sender.accept(unit.id()));
		}
		return units;
	}

	private static void as(String tenant, Runnable body) {
		new Context().run(() -> {
			if (tenant != null) {
				MixedWork.TENANT.set(tenant);
			}
			body.run();
			assertThat(MixedWork.TENANT.get()).isEqualTo((tenant != null) ? tenant : "-");
		});
	}

	private static boolean fails(String id) {
		return id.endsWith("7");
	}

	private static List<String> concat(List<String> list, String last) {
		Queue<String> all = new ConcurrentLinkedQueue<>(list);
		all.add(last);
		return List.copyOf(all);
	}

	/**
	 * What was seen by hooks that belong to no unit.
	 */
	record Seen(Queue<String> lines) {

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ ContextVarsAutoConfiguration.class, ContextVarsTaskAutoConfiguration.class,
			ContextVarsIntegrationAutoConfiguration.class, AopAutoConfiguration.class,
			IntegrationAutoConfiguration.class })
	static class Application {

		@ContextVariable
		static final ContextVar<String> TENANT = MixedWork.TENANT;

		@Bean
		static MixedWork work() {
			return new MixedWork();
		}

		@Bean
		static Seen seen() {
			return new Seen(new ConcurrentLinkedQueue<>());
		}

		@Bean
		static TaskScheduler taskScheduler(Threading threading, WorkerProbe.Threads threads) {
			if (threading == Threading.VIRTUAL) {
				SimpleAsyncTaskScheduler scheduler = new SimpleAsyncTaskScheduler();
				scheduler.setThreadFactory(threads);
				return scheduler;
			}
			ThreadPoolTaskScheduler scheduler = new ThreadPoolTaskScheduler();
			scheduler.setPoolSize(2);
			scheduler.setThreadFactory(threads);
			return scheduler;
		}

		@Bean
		static AsyncTaskExecutor applicationTaskExecutor(WorkerProbe.Threads threads) {
			SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor();
			executor.setThreadFactory(threads);
			executor.setConcurrencyLimit(4);
			return executor;
		}

		@Bean(destroyMethod = "shutdown")
		static PoolHolder pool(WorkerProbe.Threads threads) {
			return new PoolHolder(Executors.newFixedThreadPool(3, threads));
		}

		@Bean(PollerMetadata.DEFAULT_POLLER)
		static PollerMetadata defaultPoller(Seen seen, ObjectProvider<PollingExecutor> executor, PoolHolder pool) {
			PollerMetadata poller = new PollerMetadata();
			executor.ifAvailable((own) -> poller.setTaskExecutor(own.executor(pool)));
			poller.setTrigger(new PeriodicTrigger(Duration.ofMillis(1)));
			poller.setReceiveTimeout(5);
			poller.setMaxMessagesPerPoll(8);
			poller.setAdviceChain(List.of((MethodInterceptor) (invocation) -> {
				seen.lines().add("advice " + MixedWork.TENANT.get());
				return invocation.proceed();
			}));
			return poller;
		}

	}

	/**
	 * An executor that is no bean, and whose tasks have values.
	 */
	static class PollingExecutor {

		Executor executor(PoolHolder pool) {
			Context context = new Context();
			context.run(() -> MixedWork.TENANT.set("executors"));
			return ContextExecutors.fixed(pool.executor(), context);
		}

	}

	/**
	 * An executor that is no bean.
	 */
	record PoolHolder(ExecutorService executor) {

		void shutdown() {
			this.executor.shutdown();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Orders {

		@Autowired
		private MixedWork work;

		@Autowired
		private Seen seen;

		@Autowired
		private WorkRegistry registry;

		@Bean
		static QueueChannel orders(MixedWork work) {
			QueueChannel channel = new QueueChannel();
			channel.addInterceptor(new ChannelInterceptor() {

				@Override
				public Message<?> preSend(Message<?> message, MessageChannel channel) {
					work.see((String) message.getPayload(), "preSend");
					NOTE.set("noted");
					return message;
				}

				@Override
				public Message<?> postReceive(Message<?> message, MessageChannel channel) {
					work.see((String) message.getPayload(), "postReceive");
					return message;
				}

			});
			return channel;
		}

		@ServiceActivator(inputChannel = "orders")
		void handle(@Payload String id) {
			if (id.equals("described")) {
				UnitOfWork unit = this.registry.current();
				this.seen.lines().add("described " + unit.kind() + " " + unit.origin() + " of " + unit.parent());
				return;
			}
			this.work.end(id, "handler " + NOTE.get());
			if (fails(id)) {
				throw new IllegalStateException("planned");
			}
		}

		@ServiceActivator(inputChannel = "errorChannel")
		void fail(MessagingException ex) {
			this.work.end((String) ex.getFailedMessage().getPayload(), "error");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Channels {

		@Autowired
		private MixedWork work;

		@Bean
		static PriorityChannel priority() {
			return new PriorityChannel((one, other) -> one.getPayload().hashCode() - other.getPayload().hashCode());
		}

		@Bean
		static RendezvousChannel rendezvous() {
			return new RendezvousChannel();
		}

		@Bean
		static QueueChannel flow() {
			return new QueueChannel();
		}

		@Bean
		static QueueChannel declared() {
			return new QueueChannel();
		}

		@Bean
		static ExecutorChannel onBean(AsyncTaskExecutor applicationTaskExecutor) {
			return new ExecutorChannel(applicationTaskExecutor);
		}

		@Bean
		static ExecutorChannel onExecutor(PoolHolder pool) {
			return new ExecutorChannel(pool.executor());
		}

		@Bean
		static ExecutorChannelSpec specified(PoolHolder pool) {
			return MessageChannels.executor(pool.executor());
		}

		@Bean
		static PartitionedChannel partitioned(WorkerProbe.Threads threads) {
			PartitionedChannel channel = new PartitionedChannel(2, Message::getPayload);
			channel.setThreadFactory(threads);
			return channel;
		}

		@Bean
		IntegrationFlow handlingFlow() {
			return IntegrationFlow.from("flow").handle((message) -> handle((String) message.getPayload())).get();
		}

		// As in an application's XML.
		@Bean
		ConsumerEndpointFactoryBean declaredEndpoint() {
			ConsumerEndpointFactoryBean endpoint = new ConsumerEndpointFactoryBean();
			endpoint.setInputChannelName("declared");
			endpoint.setHandler((MessageHandler) (message) -> handle((String) message.getPayload()));
			return endpoint;
		}

		@ServiceActivator(inputChannel = "priority")
		@ServiceActivator(inputChannel = "rendezvous")
		@ServiceActivator(inputChannel = "onBean")
		@ServiceActivator(inputChannel = "onExecutor")
		@ServiceActivator(inputChannel = "specified")
		@ServiceActivator(inputChannel = "partitioned")
		void handle(@Payload String id) {
			this.work.see(id, "handler");
			MixedWork.TENANT.set("left");
			if (fails(id)) {
				throw new IllegalStateException("planned");
			}
		}

		@ServiceActivator(inputChannel = "errorChannel")
		void fail(MessagingException ex) {
			this.work.end((String) ex.getFailedMessage().getPayload(), "error");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Published {

		@Autowired
		private MixedWork work;

		@Bean
		static PublishSubscribeChannel published(PoolHolder pool) {
			PublishSubscribeChannel channel = new PublishSubscribeChannel(pool.executor());
			channel.setApplySequence(true);
			return channel;
		}

		@ServiceActivator(inputChannel = "published")
		void one(@Payload String id) {
			this.work.end(id, "one");
		}

		@ServiceActivator(inputChannel = "published")
		void other(@Payload String id) {
			this.work.end(id, "other");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Stores {

		@Autowired
		private MixedWork work;

		@Bean
		static QueueChannel stored(Seen seen) {
			return new QueueChannel(new MessageGroupQueue(new RecordingStore(seen), "group"));
		}

		@Bean
		static QueueChannel inQueueOfOthers() {
			return new QueueChannel(new LinkedBlockingQueue<>() {

				private static final long serialVersionUID = 1L;

			});
		}

		@Bean
		static ChannelOfOthers ofOthers() {
			return new ChannelOfOthers();
		}

		@Bean
		static ExecutorSubscribableChannel clientInboundChannel() {
			return new ExecutorSubscribableChannel();
		}

		@ServiceActivator(inputChannel = "stored")
		@ServiceActivator(inputChannel = "inQueueOfOthers")
		@ServiceActivator(inputChannel = "ofOthers")
		void handle(@Payload String id) {
			this.work.end(id, "handler");
		}

	}

	static final class RecordingStore extends SimpleMessageStore {

		private final Seen seen;

		RecordingStore(Seen seen) {
			this.seen = seen;
		}

		@Override
		public void addMessagesToGroup(Object groupId, Message<?>... messages) {
			this.seen.lines().add("stored " + messages[0].getClass().getName());
			super.addMessagesToGroup(groupId, messages);
		}

	}

	static final class ChannelOfOthers extends AbstractPollableChannel {

		private final LinkedBlockingQueue<Message<?>> queue = new LinkedBlockingQueue<>();

		@Override
		protected boolean doSend(Message<?> message, long timeout) {
			return this.queue.add(message);
		}

		@Override
		protected Message<?> doReceive(long timeout) {
			return this.queue.poll();
		}

	}

	/**
	 * Supplies units of work, and handles them.
	 */
	static class Source {

		private final Queue<MixedWork.Unit> units = new ConcurrentLinkedQueue<>(MixedWork.units(UNITS));

		@Autowired
		private MixedWork work;

		String next() {
			MixedWork.Unit unit = this.units.poll();
			if (unit == null) {
				return null;
			}
			this.work.end(unit.id(), "source");
			return unit.id();
		}

		void handle(String id) {
			this.work.see(id, "handler");
		}

		IntegrationFlow flow(Consumer<String> handler) {
			return IntegrationFlow
				.fromSupplier(this::next,
						(source) -> source.poller(Pollers.fixedDelay(Duration.ofMillis(1)).maxMessagesPerPoll(8)))
				.handle((message) -> handler.accept((String) message.getPayload()))
				.get();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Supplying extends Source {

		@Bean
		static DirectChannel supplied() {
			return new DirectChannel();
		}

		@Override
		@InboundChannelAdapter(channel = "supplied",
				poller = @Poller(fixedDelay = "1", maxMessagesPerPoll = "8", taskExecutor = "applicationTaskExecutor"))
		String next() {
			return super.next();
		}

		@Override
		@ServiceActivator(inputChannel = "supplied")
		void handle(@Payload String id) {
			super.handle(id);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class SupplyingFlow extends Source {

		@Bean
		IntegrationFlow supplyingFlow() {
			return flow(this::handle);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableIntegration
	@Import(ContextIntegrationConfiguration.class)
	static class Declared extends Source {

		@Bean
		static MixedWork work() {
			return new MixedWork();
		}

		@Bean
		static DirectChannel supplied() {
			return new DirectChannel();
		}

		@Bean
		SourcePollingChannelAdapterFactoryBean declaredSource() {
			MethodInvokingMessageSource source = new MethodInvokingMessageSource();
			source.setObject(this);
			source.setMethodName("next");
			SourcePollingChannelAdapterFactoryBean adapter = new SourcePollingChannelAdapterFactoryBean();
			adapter.setSource(source);
			adapter.setOutputChannelName("supplied");
			PollerMetadata poller = new PollerMetadata();
			poller.setTrigger(new PeriodicTrigger(Duration.ofMillis(1)));
			poller.setMaxMessagesPerPoll(8);
			adapter.setPollerMetadata(poller);
			return adapter;
		}

		@Override
		@ServiceActivator(inputChannel = "supplied")
		void handle(@Payload String id) {
			super.handle(id);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Started extends Source {

		@Autowired
		private IntegrationFlowContext flows;

		void start() {
			this.flows.registration(flow((id) -> {
				handle(id);
				if (fails(id)) {
					throw new IllegalStateException("planned");
				}
			})).register();
		}

		@ServiceActivator(inputChannel = "errorChannel")
		void fail(MessagingException ex) {
			super.work.end((String) ex.getFailedMessage().getPayload(), "error");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Receiving {

		@Autowired
		private MixedWork work;

		@Autowired
		private PollableChannel others;

		@Bean
		static QueueChannel receiving() {
			return new QueueChannel();
		}

		@Bean
		static QueueChannel others() {
			return new QueueChannel();
		}

		@ServiceActivator(inputChannel = "receiving")
		void handle(@Payload String id) {
			this.work.see(id, "handler");
			this.work.see(id, this.others.receive(0).getClass().getSimpleName());
		}

	}

	@Configuration(proxyBeanMethods = false)
	@IntegrationComponentScan
	static class Gateways {

		@Bean
		static IntegrationFlow requests(MixedWork work) {
			return (flow) -> flow.handle(String.class, (id, headers) -> {
				work.end(id, "handler");
				return "done";
			});
		}

		@Bean
		static IntegrationFlow nested() {
			return (flow) -> flow.gateway("requests.input", (gateway) -> gateway.async(true));
		}

	}

	@MessagingGateway(name = "calls", defaultRequestChannel = "requests.input")
	interface Calls {

		Future<String> future(String id);

		CompletableFuture<String> completable(String id);

		@Gateway(requestChannel = "nested.input")
		CompletableFuture<String> nested(String id);

	}

	@MessagingGateway(name = "callsOnExecutor", defaultRequestChannel = "requests.input",
			asyncExecutor = "applicationTaskExecutor")
	interface OtherCalls {

		CompletableFuture<String> completable(String id);

	}

	@Configuration(proxyBeanMethods = false)
	static class Bound {

		@Autowired
		private Seen seen;

		@Bean
		static QueueChannel channel() {
			return new QueueChannel();
		}

		@ServiceActivator(inputChannel = "channel")
		void handle(@FromContext("tenant") String tenant, @Header("id") Object id) {
			this.seen.lines().add("bound " + tenant);
		}

	}

}
