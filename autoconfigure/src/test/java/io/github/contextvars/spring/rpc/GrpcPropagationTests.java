package io.github.contextvars.spring.rpc;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.SimpleApplicationEventMulticaster;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.VirtualThreadTaskExecutor;
import org.springframework.grpc.server.InProcessGrpcServerFactory;
import org.springframework.grpc.server.ServerBuilderCustomizer;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;

import io.github.contextvars.Context;
import io.github.contextvars.spring.testing.MixedWork;
import io.github.contextvars.spring.testing.WorkerProbe;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Each call has a context of its own, from the first interceptor to the last callback.
 */
class GrpcPropagationTests {

	private static final int UNITS = 240;

	private static final List<String> FAILURES = List.of("global", "service", "message", "halfClose");

	private static final String IN_PROCESS = "GrpcPropagationTests";

	private final long leakedScopes = Context.leakedScopes();

	private final List<ManagedChannel> channels = new ArrayList<>();

	private WorkerProbe.Threads threads;

	private ExecutorService pool;

	private ConfigurableApplicationContext application;

	@AfterEach
	void closeAndAssertClean() throws Exception {
		this.channels.forEach(ManagedChannel::shutdownNow);
		this.application.close();
		this.pool.shutdown();
		this.threads.joinAndAssertClean();
		assertThat(Context.leakedScopes()).isEqualTo(this.leakedScopes);
	}

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void callsAreSeparate(Threading threading) throws Exception {
		start(threading);

		assertSeparate(overPort(), "port");
		assertSeparate(inProcess(IN_PROCESS), "in-process");
		assertThat(this.application.getBean(AtomicInteger.class)).hasPositiveValue();
	}

	private void assertSeparate(Channel channel, String prefix) throws Exception {
		List<MixedWork.Unit> units = units(prefix);
		List<CompletableFuture<List<String>>> answers = new ArrayList<>();
		for (MixedWork.Unit unit : units) {
			Call call = new Call(channel, kindOf(unit), unit, null);
			for (int i = 0; i < kindOf(unit).messages; i++) {
				call.requests.onNext(unit.id());
			}
			call.requests.onCompleted();
			answers.add(call.ended);
		}

		for (int i = 0; i < units.size(); i++) {
			assertThat(answers.get(i).get(30, TimeUnit.SECONDS)).isNotEmpty().containsOnly(units.get(i).id());
		}
		work().assertSeen(units, (unit) -> lines(unit, kindOf(unit).requestLines(unit.expected())));
	}

	@Test
	void callsThatFailAreSeparate() throws Exception {
		start(Threading.PLATFORM);
		Channel channel = overPort();
		List<MixedWork.Unit> units = units("failing");

		for (MixedWork.Unit unit : units) {
			Call call = new Call(channel, kindOf(unit), unit, failureOf(unit));
			call.requests.onNext(unit.id());
			if (!failureOf(unit).equals("message")) {
				call.requests.onCompleted();
			}
			assertThat(call.ended).failsWithin(30, TimeUnit.SECONDS);
		}

		work().assertSeen(units, (unit) -> {
			String value = unit.expected();
			return switch (failureOf(unit)) {
				case "global" -> List.of("server -", "global " + value);
				case "service" -> lines(unit, Stream.of("exceptionHandler " + value));
				case "message" -> lines(unit, Stream.of("onMessage " + value));
				default -> lines(unit, kindOf(unit).requestLines(1, value));
			};
		});
		awaitNoCall();
	}

	@Test
	void callIsListedUntilItIsCancelled() throws Exception {
		start(Threading.PLATFORM);
		MixedWork.Unit unit = new MixedWork.Unit("cancelled", "acme");
		Call call = new Call(overPort(), GrpcApplication.Kind.BIDI_STREAMING, unit, null);

		call.requests.onNext(unit.id());

		assertThat(call.answers.poll(30, TimeUnit.SECONDS)).isEqualTo(unit.id());
		Awaitility.await().untilAsserted(() -> assertThat(calls()).singleElement().satisfies((waiting) -> {
			assertThat(waiting.origin()).isEqualTo("tests.Mixed/BIDI_STREAMING");
			assertThat(waiting.thread()).isNull();
			assertThat(waiting.parent()).isNull();
		}));
		call.requests.onError(new CancellationException());
		work().assertSeen(List.of(unit),
				(cancelled) -> lines(unit, Stream.of("onMessage acme", "message 0 acme", "cancelled 1 acme")));
		awaitNoCall();
	}

	@Test
	void callOnTheThreadOfItsClientBeginsEmpty() {
		start(Threading.PLATFORM, new Class<?>[] { GrpcApplication.class, DirectConfiguration.class });
		Channel channel = open(InProcessChannelBuilder.forName(IN_PROCESS).directExecutor().build());
		MixedWork.Unit unit = new MixedWork.Unit("direct", null);

		new Context().run(() -> {
			MixedWork.TENANT.set("client's");
			Call call = new Call(channel, GrpcApplication.Kind.UNARY, unit, null);
			call.requests.onNext(unit.id());
			call.requests.onCompleted();
			assertThat(call.ended).isCompleted();
			assertThat(MixedWork.TENANT.get()).isEqualTo("client's");
		});

		work().assertSeen(List.of(unit), (direct) -> lines(unit, GrpcApplication.Kind.UNARY.requestLines("-")));
	}

	@Test
	void serversAreReported() {
		start(Threading.PLATFORM, new Class<?>[] { GrpcApplication.class, UnawareConfiguration.class });

		List<PropagationSource.Entry> entries = this.application.getBeanProvider(PropagationSource.class)
			.stream()
			.flatMap(PropagationSource::entries)
			.filter((entry) -> entry.category().equals("rpc"))
			.toList();

		assertThat(entries).extracting(PropagationSource.Entry::name)
			.containsExactlyInAnyOrder("nettyGrpcServerFactory", "unaware");
		assertThat(entries).allMatch((entry) -> entry.propagates() == entry.name().equals("nettyGrpcServerFactory"));
	}

	private void start(Threading threading) {
		start(threading, new Class<?>[] { GrpcApplication.class });
	}

	private void start(Threading threading, Class<?>[] configurations) {
		this.threads = (threading == Threading.VIRTUAL)
				? new WorkerProbe.Threads(new VirtualThreadTaskExecutor().getVirtualThreadFactory())
				: new WorkerProbe.Threads();
		this.pool = Executors.newFixedThreadPool(3, this.threads);
		SimpleAsyncTaskExecutor virtual = new SimpleAsyncTaskExecutor();
		virtual.setThreadFactory(this.threads);
		this.application = new SpringApplicationBuilder(configurations).web(WebApplicationType.NONE)
			.initializers((context) -> ((GenericApplicationContext) context).registerBean(GrpcApplication.Workers.class,
					() -> new GrpcApplication.Workers((threading == Threading.VIRTUAL) ? virtual : this.pool)))
			.properties("tests.frameworks=grpc", "spring.grpc.server.port=0",
					"spring.grpc.server.inprocess.name=" + IN_PROCESS, "spring.grpc.server.shutdown.grace-period=0s",
					"spring.main.banner-mode=off", "logging.level.io.grpc=off",
					"management.endpoints.web.exposure.include=contextvars")
			.run();
	}

	private MixedWork work() {
		return this.application.getBean(MixedWork.class);
	}

	private Channel overPort() {
		int port = this.application.getBean("nettyGrpcServerLifecycle", GrpcServerLifecycle.class).getPort();
		return open(NettyChannelBuilder.forAddress("localhost", port).usePlaintext().build());
	}

	private Channel inProcess(String name) {
		return open(InProcessChannelBuilder.forName(name).build());
	}

	private Channel open(ManagedChannel channel) {
		this.channels.add(channel);
		return channel;
	}

	private static List<MixedWork.Unit> units(String prefix) {
		return MixedWork.units(UNITS)
			.stream()
			.map((unit) -> new MixedWork.Unit(prefix + "-" + unit.id(), unit.tenant()))
			.toList();
	}

	private static GrpcApplication.Kind kindOf(MixedWork.Unit unit) {
		return GrpcApplication.Kind.values()[numberOf(unit) % GrpcApplication.Kind.values().length];
	}

	private static String failureOf(MixedWork.Unit unit) {
		return FAILURES.get(numberOf(unit) / GrpcApplication.Kind.values().length % FAILURES.size());
	}

	private static int numberOf(MixedWork.Unit unit) {
		return Integer.parseInt(unit.id().substring(unit.id().lastIndexOf('-') + 1));
	}

	private static List<String> lines(MixedWork.Unit unit, Stream<String> requests) {
		List<String> lines = new ArrayList<>(
				List.of("server -", "global " + unit.expected(), "service " + unit.expected()));
		requests.forEach(lines::add);
		lines.add("ended " + unit.expected());
		return lines;
	}

	private List<UnitOfWork> calls() {
		return this.application.getBean(WorkRegistry.class)
			.list()
			.stream()
			.filter((unit) -> unit.kind() == UnitOfWork.Kind.CALL)
			.toList();
	}

	private void awaitNoCall() {
		Awaitility.await().untilAsserted(() -> assertThat(calls()).isEmpty());
	}

	/**
	 * {@link Configuration @Configuration} for a server without threads.
	 */
	@Configuration(proxyBeanMethods = false)
	static class DirectConfiguration {

		@Bean
		ServerBuilderCustomizer<InProcessServerBuilder> directCustomizer() {
			return InProcessServerBuilder::directExecutor;
		}

	}

	/**
	 * {@link Configuration @Configuration} for a server that does not apply customizers,
	 * and events that are published on other threads.
	 */
	@Configuration(proxyBeanMethods = false)
	static class UnawareConfiguration {

		@Bean
		InProcessGrpcServerFactory unaware() {
			return new InProcessGrpcServerFactory("unaware", List.of());
		}

		@Bean
		GrpcServerLifecycle unawareLifecycle(InProcessGrpcServerFactory unaware, ApplicationEventPublisher publisher) {
			return new GrpcServerLifecycle(unaware, Duration.ZERO, publisher);
		}

		@Bean
		SimpleApplicationEventMulticaster applicationEventMulticaster() {
			SimpleApplicationEventMulticaster multicaster = new SimpleApplicationEventMulticaster();
			multicaster.setTaskExecutor(new SimpleAsyncTaskExecutor());
			return multicaster;
		}

	}

	private static final class Call {

		final StreamObserver<String> requests;

		final CompletableFuture<List<String>> ended = new CompletableFuture<>();

		final BlockingQueue<String> answers = new LinkedBlockingQueue<>();

		Call(Channel channel, GrpcApplication.Kind kind, MixedWork.Unit unit, String fails) {
			Metadata headers = new Metadata();
			headers.put(GrpcApplication.ID, unit.id());
			if (unit.tenant() != null) {
				headers.put(GrpcApplication.TENANT, unit.tenant());
			}
			if (fails != null) {
				headers.put(GrpcApplication.FAILS, fails);
			}
			this.requests = ClientCalls.asyncBidiStreamingCall(
					ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers))
						.newCall(kind.method, CallOptions.DEFAULT),
					new StreamObserver<>() {

						@Override
						public void onNext(String answer) {
							Call.this.answers.add(answer);
						}

						@Override
						public void onError(Throwable ex) {
							Call.this.ended.completeExceptionally(ex);
						}

						@Override
						public void onCompleted() {
							Call.this.ended.complete(List.copyOf(Call.this.answers));
						}

					});
		}

	}

}
