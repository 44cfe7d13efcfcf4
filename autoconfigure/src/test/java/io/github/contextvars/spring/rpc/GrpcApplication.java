package io.github.contextvars.spring.rpc;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.grpc.BindableService;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerBuilder;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerExecutorProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.grpc.server.GlobalServerInterceptor;
import org.springframework.grpc.server.ServerBuilderCustomizer;
import org.springframework.grpc.server.exception.GrpcExceptionHandler;
import org.springframework.grpc.server.service.GrpcService;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.MixedWork;
import io.github.contextvars.spring.testing.TextMarshaller;

/**
 * A service with a method of each kind, whose calls may have a tenant, and interceptors
 * of the server, of all services, and of this service.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
class GrpcApplication {

	static final Metadata.Key<String> ID = key("id");

	static final Metadata.Key<String> TENANT = key("tenant");

	/**
	 * Where the call is to fail.
	 */
	static final Metadata.Key<String> FAILS = key("fails");

	private static final ContextVar<Integer> MESSAGES = ContextVar.of("messages", 0);

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
	AtomicInteger readinessCalls() {
		return new AtomicInteger();
	}

	@Bean
	GrpcServerExecutorProvider executorProvider(Workers workers) {
		return () -> workers.executor;
	}

	@Bean
	ServiceInterceptor serviceInterceptor(MixedWork work) {
		return new ServiceInterceptor(work);
	}

	@Bean
	@GlobalServerInterceptor
	@Order(Ordered.HIGHEST_PRECEDENCE)
	ServerInterceptor globalInterceptor(MixedWork work, AtomicInteger readinessCalls) {
		return new RecordingInterceptor(work, readinessCalls);
	}

	// The application's outermost interceptor, which fills the variable.
	@Bean
	<T extends ServerBuilder<T>> ServerBuilderCustomizer<T> usersCustomizer(MixedWork work) {
		return (builder) -> builder.intercept(new ServerInterceptor() {

			@Override
			public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
					ServerCallHandler<Q, R> next) {
				work.begin(headers.get(ID), "server", headers.get(TENANT));
				return next.startCall(call, headers);
			}

		});
	}

	@Bean
	GrpcExceptionHandler exceptionHandler(MixedWork work) {
		return (ex) -> {
			if (ex instanceof PlannedException) {
				work.see(ex.getMessage(), "exceptionHandler");
			}
			return Status.ABORTED.asException();
		};
	}

	private static Metadata.Key<String> key(String name) {
		return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
	}

	private static void fail(String where, Metadata headers) {
		if (where.equals(headers.get(FAILS))) {
			throw new PlannedException(headers.get(ID));
		}
	}

	/**
	 * What runs the calls. No bean of an executor, which the library would instrument.
	 *
	 * @param executor the executor
	 */
	record Workers(Executor executor) {

	}

	/**
	 * A kind of method, and what each hook of a call to it records.
	 */
	enum Kind {

		UNARY(MethodDescriptor.MethodType.UNARY, 1),

		SERVER_STREAMING(MethodDescriptor.MethodType.SERVER_STREAMING, 1),

		CLIENT_STREAMING(MethodDescriptor.MethodType.CLIENT_STREAMING, 3),

		BIDI_STREAMING(MethodDescriptor.MethodType.BIDI_STREAMING, 3);

		final MethodDescriptor<String, String> method;

		final int messages;

		Kind(MethodDescriptor.MethodType type, int messages) {
			this.method = MethodDescriptor.<String, String>newBuilder()
				.setType(type)
				.setFullMethodName("tests.Mixed/" + name())
				.setRequestMarshaller(new TextMarshaller())
				.setResponseMarshaller(new TextMarshaller())
				.build();
			this.messages = messages;
		}

		Stream<String> requestLines(String value) {
			return Stream.concat(requestLines(this.messages, value),
					Stream.of(((this.messages == 1) ? "handler " : "handler 3 ") + value));
		}

		// Until the handler is called.
		Stream<String> requestLines(int count, String value) {
			Stream<String> messages = IntStream.range(0, count)
				.boxed()
				.flatMap((i) -> (this.messages == 1) ? Stream.of("onMessage " + value)
						: Stream.of("onMessage " + value, "message " + i + " " + value));
			return Stream.concat(messages, Stream.of("onHalfClose " + value));
		}

	}

	static final class PlannedException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		PlannedException(String id) {
			super(id);
		}

	}

	@GrpcService(interceptors = ServiceInterceptor.class)
	static class MixedService implements BindableService {

		private final MixedWork work;

		MixedService(MixedWork work) {
			this.work = work;
		}

		@Override
		public ServerServiceDefinition bindService() {
			return ServerServiceDefinition.builder("tests.Mixed")
				.addMethod(Kind.UNARY.method,
						ServerCalls.asyncUnaryCall((String id, StreamObserver<String> out) -> answer(id, out, 1)))
				.addMethod(Kind.SERVER_STREAMING.method,
						ServerCalls
							.asyncServerStreamingCall((String id, StreamObserver<String> out) -> answer(id, out, 3)))
				.addMethod(Kind.CLIENT_STREAMING.method,
						ServerCalls.asyncClientStreamingCall((StreamObserver<String> out) -> new Receiver(out, false)))
				.addMethod(Kind.BIDI_STREAMING.method,
						ServerCalls.asyncBidiStreamingCall((StreamObserver<String> out) -> new Receiver(out, true)))
				.build();
		}

		private void answer(String id, StreamObserver<String> out, int times) {
			this.work.see(id, "handler");
			for (int i = 0; i < times; i++) {
				out.onNext(id);
			}
			out.onCompleted();
		}

		private final class Receiver implements StreamObserver<String> {

			private final StreamObserver<String> out;

			private final boolean echoes;

			private String id;

			private Receiver(StreamObserver<String> out, boolean echoes) {
				this.out = out;
				this.echoes = echoes;
			}

			@Override
			public void onNext(String id) {
				this.id = id;
				MixedService.this.work.see(id, "message " + MESSAGES.get());
				MESSAGES.set(MESSAGES.get() + 1);
				if (this.echoes) {
					this.out.onNext(id);
				}
			}

			@Override
			public void onError(Throwable ex) {
				MixedService.this.work.see(this.id, "cancelled " + MESSAGES.get());
			}

			@Override
			public void onCompleted() {
				MixedService.this.work.see(this.id, "handler " + MESSAGES.get());
				if (!this.echoes) {
					this.out.onNext(this.id);
				}
				this.out.onCompleted();
			}

		}

	}

	static final class ServiceInterceptor implements ServerInterceptor {

		private final MixedWork work;

		ServiceInterceptor(MixedWork work) {
			this.work = work;
		}

		@Override
		public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
				ServerCallHandler<Q, R> next) {
			this.work.see(headers.get(ID), "service");
			fail("service", headers);
			return next.startCall(call, headers);
		}

	}

	private static final class RecordingInterceptor implements ServerInterceptor {

		private final MixedWork work;

		private final AtomicInteger readinessCalls;

		private RecordingInterceptor(MixedWork work, AtomicInteger readinessCalls) {
			this.work = work;
			this.readinessCalls = readinessCalls;
		}

		@Override
		public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
				ServerCallHandler<Q, R> next) {
			String id = headers.get(ID);
			String tenant = headers.get(TENANT);
			this.work.see(id, "global");
			fail("global", headers);
			return new ForwardingServerCallListener.SimpleForwardingServerCallListener<>(
					next.startCall(call, headers)) {

				@Override
				public void onMessage(Q message) {
					RecordingInterceptor.this.work.see(id, "onMessage");
					fail("message", headers);
					super.onMessage(message);
				}

				@Override
				public void onHalfClose() {
					RecordingInterceptor.this.work.see(id, "onHalfClose");
					fail("halfClose", headers);
					super.onHalfClose();
				}

				@Override
				public void onCancel() {
					super.onCancel();
					RecordingInterceptor.this.work.end(id, "ended");
				}

				@Override
				public void onComplete() {
					super.onComplete();
					RecordingInterceptor.this.work.end(id, "ended");
				}

				// gRPC may call it any number of times.
				@Override
				public void onReady() {
					super.onReady();
					RecordingInterceptor.this.readinessCalls.incrementAndGet();
					if (!MixedWork.TENANT.get().equals((tenant != null) ? tenant : "-")) {
						RecordingInterceptor.this.work.see(id, "onReady");
					}
				}

			};
		}

	}

}
