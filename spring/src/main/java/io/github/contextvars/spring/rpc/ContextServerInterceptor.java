package io.github.contextvars.spring.rpc;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.StreamSupport;

import io.grpc.Attributes;
import io.grpc.ForwardingServerCall;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import org.jspecify.annotations.Nullable;

import io.github.contextvars.spring.fill.FilledValues;
import io.github.contextvars.spring.remote.RemoteReceiver;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link ServerInterceptor} that runs each call of a gRPC server in a fresh context,
 * around all interceptors behind it and the service. gRPC invokes the callbacks of a call
 * one after the other, on any thread: each enters the same context again.
 * <p>
 * {@link ContextGrpcConfiguration} adds one to the servers of Spring gRPC. Add it to any
 * other {@link io.grpc.ServerBuilder} after all other interceptors, as the last one is
 * the outermost.
 *
 * @since 0.1.0
 */
public final class ContextServerInterceptor implements ServerInterceptor {

	/**
	 * What the library itself has set in a call's context.
	 */
	static final Attributes.Key<FilledValues> FILLED = Attributes.Key.create("io.github.contextvars.filled");

	private final WorkRegistry workRegistry;

	private final Supplier<@Nullable RemoteReceiver> receiver;

	private final boolean addresses;

	/**
	 * Create an interceptor.
	 * @param workRegistry enters the contexts
	 */
	public ContextServerInterceptor(WorkRegistry workRegistry) {
		this(workRegistry, () -> null, false);
	}

	/**
	 * Create an interceptor that sets variables which another process has sent.
	 * @param workRegistry enters the contexts
	 * @param receiver sets the variables, if any are to be received
	 * @param addresses whether the server tells the address of a connection, and not one
	 * that a proxy may have forwarded
	 */
	ContextServerInterceptor(WorkRegistry workRegistry, Supplier<@Nullable RemoteReceiver> receiver,
			boolean addresses) {
		this.workRegistry = workRegistry;
		this.receiver = receiver;
		this.addresses = addresses;
	}

	@Override
	public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
			ServerCallHandler<Q, R> next) {
		MethodDescriptor<Q, R> method = call.getMethodDescriptor();
		UnitOfWork unit = this.workRegistry.create(UnitOfWork.Kind.CALL, method::getFullMethodName);
		return this.workRegistry.<ServerCall.Listener<Q>, RuntimeException>call(unit, () -> {
			ServerCall.Listener<Q> listener = new ContextListener<>(next.startCall(receive(call, headers), headers),
					this.workRegistry, unit);
			this.workRegistry.awaitCompletion(unit, listener, (ended) -> false);
			this.workRegistry.saveThreadLocals(unit);
			return listener;
		});
	}

	private <Q, R> ServerCall<Q, R> receive(ServerCall<Q, R> call, Metadata headers) {
		RemoteReceiver present = this.receiver.get();
		if (present == null) {
			return call;
		}
		FilledValues filled = new FilledValues();
		InetAddress address = (this.addresses
				&& call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR) instanceof InetSocketAddress socket)
						? socket.getAddress() : null;
		present.receive("grpc", address, headers, (header) -> {
			Iterable<String> values = headers.getAll(Metadata.Key.of(header, Metadata.ASCII_STRING_MARSHALLER));
			return (values != null) ? StreamSupport.stream(values.spliterator(), false).toList() : List.of();
		}, filled);
		Attributes attributes = call.getAttributes().toBuilder().set(FILLED, filled).build();
		return new ForwardingServerCall.SimpleForwardingServerCall<>(call) {

			@Override
			public Attributes getAttributes() {
				return attributes;
			}

		};
	}

	private static final class ContextListener<Q> extends ForwardingServerCallListener<Q> {

		private final ServerCall.Listener<Q> delegate;

		private final WorkRegistry workRegistry;

		private final UnitOfWork unit;

		private ContextListener(ServerCall.Listener<Q> delegate, WorkRegistry workRegistry, UnitOfWork unit) {
			this.delegate = delegate;
			this.workRegistry = workRegistry;
			this.unit = unit;
		}

		@Override
		protected ServerCall.Listener<Q> delegate() {
			return this.delegate;
		}

		@Override
		public void onMessage(Q message) {
			inCall(() -> super.onMessage(message));
		}

		@Override
		public void onHalfClose() {
			inCall(super::onHalfClose);
		}

		@Override
		public void onReady() {
			inCall(super::onReady);
		}

		@Override
		public void onCancel() {
			end(super::onCancel);
		}

		@Override
		public void onComplete() {
			end(super::onComplete);
		}

		private void end(Runnable callback) {
			try {
				inCall(callback);
			}
			finally {
				this.workRegistry.complete(this.unit);
			}
		}

		private void inCall(Runnable callback) {
			this.workRegistry.run(this.unit, () -> {
				try {
					callback.run();
				}
				finally {
					this.workRegistry.saveThreadLocals(this.unit);
				}
			});
		}

	}

}
