package io.github.contextvars.spring.stress;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;

import com.google.protobuf.StringValue;
import io.grpc.BindableService;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerBuilder;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerExecutorProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.VirtualThreadTaskExecutor;
import org.springframework.grpc.server.ServerBuilderCustomizer;

/**
 * A service with a method of each kind, which compares what it sees with what gRPC's own
 * context has. Two of three calls have no user.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
class GrpcLoadApplication {

	static final Metadata.Key<String> USER = Metadata.Key.of("user", Metadata.ASCII_STRING_MARSHALLER);

	static final Metadata.Key<String> FAULT = Metadata.Key.of("fault", Metadata.ASCII_STRING_MARSHALLER);

	static final List<MethodDescriptor<StringValue, StringValue>> METHODS = Arrays
		.stream(MethodDescriptor.MethodType.values())
		.filter((type) -> type != MethodDescriptor.MethodType.UNKNOWN)
		.map(GrpcLoadApplication::method)
		.toList();

	private static final Context.Key<Call> CALL = Context.key("call");

	@Bean
	ViolationLog violationLog() {
		return new ViolationLog();
	}

	// No bean of an executor, which the library would instrument.
	@Bean
	GrpcServerExecutorProvider executorProvider(ViolationLog log,
			@Value("${spring.threads.virtual.enabled}") boolean virtual) {
		Executor executor = virtual ? onVirtualThreads(log)
				: new SentinelPool(log, "gRPC", 8, new LinkedBlockingQueue<>());
		return () -> executor;
	}

	@Bean
	<T extends ServerBuilder<T>> ServerBuilderCustomizer<T> userCustomizer(ViolationLog log) {
		return (builder) -> builder.intercept(new UserInterceptor(log));
	}

	@Bean
	BindableService service(ViolationLog log, Executor applicationTaskExecutor) {
		return () -> {
			ServerServiceDefinition.Builder service = ServerServiceDefinition.builder("stress.Calls");
			for (MethodDescriptor<StringValue, StringValue> method : METHODS) {
				service.addMethod(method, handler(method, log, applicationTaskExecutor));
			}
			return service.build();
		};
	}

	private static ServerCallHandler<StringValue, StringValue> handler(
			MethodDescriptor<StringValue, StringValue> method, ViolationLog log, Executor executor) {
		boolean answersAll = !method.getType().serverSendsOneMessage();
		if (method.getType().clientSendsOneMessage()) {
			return ServerCalls.asyncServerStreamingCall((request, out) -> {
				Receiver receiver = new Receiver(log, executor, out, answersAll);
				receiver.onNext(request);
				receiver.onCompleted();
			});
		}
		return ServerCalls.asyncBidiStreamingCall((out) -> new Receiver(log, executor, out, answersAll));
	}

	private static MethodDescriptor<StringValue, StringValue> method(MethodDescriptor.MethodType type) {
		return MethodDescriptor.<StringValue, StringValue>newBuilder()
			.setType(type)
			.setFullMethodName("stress.Calls/" + type)
			.setRequestMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
			.setResponseMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
			.build();
	}

	private static Executor onVirtualThreads(ViolationLog log) {
		Executor threads = new VirtualThreadTaskExecutor();
		return (task) -> threads.execute(() -> {
			try {
				task.run();
			}
			finally {
				log.expectNoContext(ViolationLog.Violation.DIRTY_ON_EXIT, "gRPC");
			}
		});
	}

	/**
	 * What is known of a call without the library.
	 */
	private static final class Call {

		private final @Nullable String user;

		private final String fault;

		private @Nullable String step;

		private Call(@Nullable String user, String fault) {
			this.user = user;
			this.fault = fault;
		}

		private void expectIn(ViolationLog log, String where) {
			log.expect(where, this.user, this.step);
		}

		private void nextStep() {
			this.step = (this.step != null) ? this.step + "+" : "+";
			ViolationLog.STEP.set(this.step);
		}

		private void failIn(String where) {
			if (this.fault.equals(where)) {
				throw Status.ABORTED.withDescription("planned").asRuntimeException();
			}
		}

	}

	private static final class UserInterceptor implements ServerInterceptor {

		private final ViolationLog log;

		private UserInterceptor(ViolationLog log) {
			this.log = log;
		}

		@Override
		public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> serverCall, Metadata headers,
				ServerCallHandler<Q, R> next) {
			this.log.expectNothing("call");
			Call call = new Call(headers.get(USER), headers.get(FAULT));
			if (call.user != null) {
				ViolationLog.ID.set(call.user);
			}
			call.failIn("interceptor");
			ServerCall.Listener<Q> listener = Contexts.interceptCall(Context.current().withValue(CALL, call),
					serverCall, headers, next);
			this.log.count("begun");
			return new ForwardingServerCallListener.SimpleForwardingServerCallListener<>(listener) {

				@Override
				public void onReady() {
					call.expectIn(UserInterceptor.this.log, "onReady");
					super.onReady();
				}

				@Override
				public void onMessage(Q message) {
					call.expectIn(UserInterceptor.this.log, "onMessage");
					call.nextStep();
					super.onMessage(message);
				}

				@Override
				public void onHalfClose() {
					call.expectIn(UserInterceptor.this.log, "onHalfClose");
					super.onHalfClose();
				}

				@Override
				public void onCancel() {
					super.onCancel();
					end("onCancel");
				}

				@Override
				public void onComplete() {
					super.onComplete();
					end("onComplete");
				}

				private void end(String where) {
					call.expectIn(UserInterceptor.this.log, where);
					ViolationLog.STEP.set("left behind");
					UserInterceptor.this.log.count(where);
					UserInterceptor.this.log.count("ended");
				}

			};
		}

	}

	private static final class Receiver implements StreamObserver<StringValue> {

		private final ViolationLog log;

		private final Executor executor;

		private final StreamObserver<StringValue> out;

		private final boolean answersAll;

		private final Call call = CALL.get();

		private Receiver(ViolationLog log, Executor executor, StreamObserver<StringValue> out, boolean answersAll) {
			this.log = log;
			this.executor = executor;
			this.out = out;
			this.answersAll = answersAll;
		}

		@Override
		public void onNext(StringValue message) {
			this.call.expectIn(this.log, "handler");
			this.call.nextStep();
			this.call.failIn("handler");
			if (this.answersAll) {
				answer();
			}
		}

		private void answer() {
			if (!this.call.fault.equals("deadline")) {
				String step = this.call.step;
				CompletableFuture.runAsync(() -> this.log.expect("task of a call", this.call.user, step), this.executor)
					.join();
				this.out.onNext(StringValue.of(ViolationLog.ID.get("none")));
			}
		}

		@Override
		public void onError(Throwable ex) {
			this.call.expectIn(this.log, "onError");
			this.call.nextStep();
		}

		@Override
		public void onCompleted() {
			this.call.expectIn(this.log, "onCompleted");
			this.call.nextStep();
			if (!this.answersAll) {
				answer();
			}
			if (!this.call.fault.equals("deadline")) {
				this.out.onCompleted();
			}
		}

	}

}
