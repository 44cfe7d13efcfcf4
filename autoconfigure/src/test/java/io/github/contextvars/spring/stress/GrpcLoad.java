package io.github.contextvars.spring.stress;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import com.google.protobuf.StringValue;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;

import io.github.contextvars.spring.testing.ThreadContextProbe;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Calls of all kinds to a gRPC server, by many clients at a time, a fifth of which fails.
 */
final class GrpcLoad implements AutoCloseable {

	private static final int CLIENTS = 32;

	private static final List<String> FAULTS = List.of("cancel", "interceptor", "handler", "deadline");

	private final ConfigurableApplicationContext application;

	private final ViolationLog log;

	private final List<ManagedChannel> channels = new ArrayList<>();

	private final long seed;

	private GrpcLoad(Threading threading, long seed) {
		this.seed = seed;
		this.application = new SpringApplicationBuilder(GrpcLoadApplication.class).web(WebApplicationType.NONE)
			.properties(threading.property(), "tests.frameworks=grpc", "spring.grpc.server.port=0",
					"spring.grpc.server.shutdown.grace-period=0s", "logging.level.root=off",
					"spring.main.banner-mode=off", "management.endpoints.web.exposure.include=contextvars")
			.run();
		this.log = this.application.getBean(ViolationLog.class);
		int port = this.application.getBean(GrpcServerLifecycle.class).getPort();
		for (int i = 0; i < 4; i++) {
			this.channels.add(NettyChannelBuilder.forAddress("localhost", port).usePlaintext().build());
		}
		ThreadContextProbe.watch();
	}

	static GrpcLoad start(Threading threading, long seed) {
		return new GrpcLoad(threading, seed);
	}

	/**
	 * Make that many calls, and return when all have ended.
	 */
	void send(int calls) throws Exception {
		AtomicInteger next = new AtomicInteger();
		ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
		try {
			List<Future<?>> ends = new ArrayList<>();
			for (int client = 0; client < CLIENTS; client++) {
				ManagedChannel channel = this.channels.get(client % this.channels.size());
				ends.add(clients.submit(() -> {
					for (int id = next.getAndIncrement(); id < calls; id = next.getAndIncrement()) {
						send(channel, id);
					}
					return null;
				}));
			}
			for (Future<?> end : ends) {
				end.get();
			}
		}
		finally {
			clients.shutdownNow();
		}
	}

	private void send(ManagedChannel channel, int id) throws Exception {
		SplittableRandom random = new SplittableRandom(this.seed + id);
		MethodDescriptor<StringValue, StringValue> method = GrpcLoadApplication.METHODS
			.get(id % GrpcLoadApplication.METHODS.size());
		String user = (random.nextInt(3) == 0) ? "user-" + id : null;
		String fault = (random.nextInt(5) == 0) ? FAULTS.get(random.nextInt(FAULTS.size())) : "none";
		this.log.count(method.getBareMethodName());
		this.log.count("fault: " + fault);
		Answers answers = new Answers();
		CallOptions options = fault.equals("deadline")
				? CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.MILLISECONDS) : CallOptions.DEFAULT;
		ClientCall<StringValue, StringValue> call = ClientInterceptors
			.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers(user, fault)))
			.newCall(method, options);
		StreamObserver<StringValue> requests = ClientCalls.asyncBidiStreamingCall(call, answers);
		int messages = method.getType().clientSendsOneMessage() ? 1 : 1 + random.nextInt(4);
		for (int i = 0; i < messages; i++) {
			requests.onNext(StringValue.of("message"));
		}
		if (fault.equals("cancel")) {
			if (method.getType() == MethodDescriptor.MethodType.BIDI_STREAMING) {
				Awaiting.forEnd(answers.first);
			}
			call.cancel("planned", null);
		}
		else {
			requests.onCompleted();
		}
		Throwable failure = answers.end.get(Awaiting.SECONDS, TimeUnit.SECONDS);
		if (fault.equals("none")) {
			expect(answers, failure, (user != null) ? user : "none",
					method.getType().serverSendsOneMessage() ? 1 : messages, method.getBareMethodName() + " " + id);
		}
	}

	private void expect(Answers answers, @Nullable Throwable failure, String user, int messages, String what) {
		if (failure != null || answers.all.size() != messages) {
			this.log.record(ViolationLog.Violation.UNANSWERED, what + ": " + answers.all.size() + ", " + failure);
		}
		for (String answer : answers.all) {
			if (!Objects.equals(answer, user)) {
				this.log.record(ViolationLog.Violation.BLEED, what + " received " + answer);
			}
		}
	}

	private static Metadata headers(@Nullable String user, String fault) {
		Metadata headers = new Metadata();
		headers.put(GrpcLoadApplication.FAULT, fault);
		if (user != null) {
			headers.put(GrpcLoadApplication.USER, user);
		}
		return headers;
	}

	void report(String what) {
		System.out.println(what + ": " + this.log + " " + this.log.violations());
	}

	void assertClean() {
		assertNoViolations();
		Awaitility.await("that all calls have ended")
			.until(() -> this.log.counted("ended") == this.log.counted("begun"));
		assertNoViolations();
		WorkRegistry registry = this.application.getBean(WorkRegistry.class);
		Awaitility.await("that no call is listed")
			.until(() -> registry.list().stream().noneMatch((unit) -> unit.kind() == UnitOfWork.Kind.CALL));
	}

	private void assertNoViolations() {
		assertThat(this.log.violations()).as("seed %d: %s", this.seed, this.log).isEmpty();
	}

	/**
	 * A run in which nothing happens finds nothing.
	 */
	void assertEverythingHappened(int calls) {
		// Of some, the deadline passes before they begin.
		assertThat(this.log.counted("begun")).isBetween((long) (0.8 * calls), (long) calls);
		assertThat(this.log.counted("fault: none")).isGreaterThan(calls / 2);
		assertThat(this.log.counted("sentinel checks")).isGreaterThan(calls);
		for (String fault : FAULTS) {
			assertThat(this.log.counted("fault: " + fault)).as(fault).isPositive();
		}
		assertThat(this.log.counted("onCancel")).isPositive();
		assertThat(this.log.counted("onComplete")).isPositive();
		for (MethodDescriptor<?, ?> method : GrpcLoadApplication.METHODS) {
			assertThat(this.log.counted(method.getBareMethodName())).isGreaterThanOrEqualTo(calls / 4);
		}
	}

	@Override
	public void close() {
		ThreadContextProbe.unwatch();
		this.channels.forEach(ManagedChannel::shutdownNow);
		this.application.close();
	}

	private static final class Answers implements StreamObserver<StringValue> {

		private final Queue<String> all = new ConcurrentLinkedQueue<>();

		private final CompletableFuture<Void> first = new CompletableFuture<>();

		private final CompletableFuture<@Nullable Throwable> end = new CompletableFuture<>();

		@Override
		public void onNext(StringValue answer) {
			this.all.add(answer.getValue());
			this.first.complete(null);
		}

		@Override
		public void onError(Throwable ex) {
			this.first.complete(null);
			this.end.complete(ex);
		}

		@Override
		public void onCompleted() {
			this.first.complete(null);
			this.end.complete(null);
		}

	}

}
