package io.github.contextvars.spring.rpc;

import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.context.SecurityContextHolder;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.fill.AuthenticationFiller;
import io.github.contextvars.spring.fill.ContextFillConfiguration;
import io.github.contextvars.spring.fill.FillRules;
import io.github.contextvars.spring.remote.ContextRemoteConfiguration;
import io.github.contextvars.spring.remote.RemoteReceiver;
import io.github.contextvars.spring.work.ThreadLocalPropagation;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests of {@link ContextServerInterceptor} and {@link AuthenticationServerInterceptor}.
 */
class ContextServerInterceptorTests {

	private final WorkRegistry registry = WorkRegistry.tracking();

	private final Call call = new Call();

	private final List<String> seen = new ArrayList<>();

	private final Metadata headers = new Metadata();

	@AfterEach
	void clearUser() {
		SecurityContextHolder.clearContext();
	}

	@Test
	void callbacksEnterTheContextOfTheCall() {
		ServerCall.Listener<String> listener = new ContextServerInterceptor(this.registry).interceptCall(this.call,
				this.headers, handler((callback) -> see(callback)));
		assertThat(this.registry.list()).extracting(UnitOfWork::origin).containsExactly("tests.Service/method");

		listener.onReady();
		listener.onMessage("message");
		listener.onHalfClose();
		assertThat(this.registry.list()).hasSize(1);
		listener.onComplete();

		assertThat(this.seen).containsExactly("start -", "onReady start", "onMessage message onReady",
				"onHalfClose onMessage message", "onComplete onHalfClose");
		assertThat(this.registry.list()).isEmpty();
		assertThat(Context.depth()).isZero();
	}

	@Test
	void callEndsWhenItIsCancelledAlsoIfThatFails() {
		ServerCall.Listener<String> listener = new ContextServerInterceptor(this.registry).interceptCall(this.call,
				this.headers, handler((callback) -> {
					see(callback);
					if (callback.equals("onCancel")) {
						throw new IllegalStateException("planned");
					}
				}));

		assertThatIllegalStateException().isThrownBy(listener::onCancel).withMessage("planned");

		assertThat(this.seen).containsExactly("start -", "onCancel start");
		assertThat(this.registry.list()).isEmpty();
	}

	@Test
	void callThatDoesNotStartLeavesNothing() {
		assertThatIllegalStateException().isThrownBy(() -> new ContextServerInterceptor(this.registry)
			.interceptCall(this.call, this.headers, (call, headers) -> {
				throw new IllegalStateException("planned");
			}));

		assertThat(this.registry.list()).isEmpty();
		assertThat(Context.depth()).isZero();
	}

	@Test
	void anotherProcessFillsACallOfATrustedAddress() throws Exception {
		this.headers.put(Metadata.Key.of("X-Tenant", Metadata.ASCII_STRING_MARSHALLER), "acme");
		try (AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext(Variables.class,
				ContextRemoteConfiguration.class)) {
			RemoteReceiver receiver = beans.getBean(RemoteReceiver.class);
			for (boolean addresses : new boolean[] { true, false }) {
				new ContextServerInterceptor(this.registry, () -> receiver, addresses).interceptCall(this.call,
						this.headers, handler((callback) -> see(callback)));
			}
			this.call.peer = new InetSocketAddress(InetAddress.getByName("11.0.0.1"), 1);
			new ContextServerInterceptor(this.registry, () -> receiver, true).interceptCall(this.call, this.headers,
					handler((callback) -> see(callback)));
			new ContextServerInterceptor(this.registry, () -> receiver, true).interceptCall(this.call, new Metadata(),
					handler((callback) -> see(callback)));
		}

		assertThat(this.seen).containsExactly("start acme", "start -", "start -", "start -");
	}

	@Test
	void handlerGetsTheCallWithItsAttributes() {
		List<ServerCall<?, ?>> calls = new ArrayList<>();
		ServerCallHandler<String, String> noting = (call, headers) -> {
			calls.add(call);
			return new ServerCall.Listener<>() {
			};
		};
		new ContextServerInterceptor(this.registry).interceptCall(this.call, this.headers, noting);
		try (AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext(Variables.class,
				ContextRemoteConfiguration.class)) {
			RemoteReceiver receiver = beans.getBean(RemoteReceiver.class);
			new ContextServerInterceptor(this.registry, () -> receiver, true).interceptCall(this.call, this.headers,
					noting);
		}

		assertThat(calls.get(0)).isSameAs(this.call);
		assertThat(calls.get(1).getMethodDescriptor()).isEqualTo(this.call.method);
		assertThat(calls.get(1).getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR)).isEqualTo(this.call.peer);
		assertThat(calls.get(1).getAttributes().get(ContextServerInterceptor.FILLED)).isNotNull();
	}

	@Test
	void callbacksSeeTheThreadLocalsOfTheCallbackBefore() {
		AtomicReference<Object> threadLocal = new AtomicReference<>("caller");
		List<Object> values = new ArrayList<>();
		ServerCall.Listener<String> listener = new ContextServerInterceptor(
				WorkRegistry.tracking(new ThreadLocalPropagation() {

					@Override
					public Object capture() {
						return threadLocal.get();
					}

					@Override
					public Scope open(Object captured, UnitOfWork.Kind kind) {
						Object before = threadLocal.getAndSet(captured);
						return () -> threadLocal.set(before);
					}

				}, null))
			.interceptCall(this.call, this.headers, handler((callback) -> values.add(threadLocal.getAndSet(callback))));

		listener.onReady();
		listener.onHalfClose();

		assertThat(values).containsExactly(null, "start", "onReady");
		assertThat(threadLocal.get()).isEqualTo("caller");
	}

	@Test
	void authenticatedUserFillsTheCall() {
		TestingAuthenticationToken user = new TestingAuthenticationToken("ada", "password");
		user.setAuthenticated(true);
		SecurityContextHolder.getContext().setAuthentication(user);

		ServerCall.Listener<String> listener = authenticate();

		assertThat(this.seen).containsExactly("start ada");
		assertThat(this.call.closed).isNull();
		assertThat(listener).isNotNull();
	}

	@Test
	void callWithoutRequiredUserIsClosed() {
		ServerCall.Listener<String> listener = authenticate();

		assertThat(this.seen).isEmpty();
		assertThat(this.call.closed.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
		assertThat(this.call.closed.getDescription()).isEqualTo("The authenticated user is missing.");
		assertThat(listener).isNotNull();
	}

	private ServerCall.Listener<String> authenticate() {
		try (AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext(Variables.class,
				ContextFillConfiguration.class)) {
			AuthenticationServerInterceptor interceptor = new AuthenticationServerInterceptor(
					beans.getBean(AuthenticationFiller.class), beans.getBean(FillRules.class));
			return new Context()
				.call(() -> interceptor.interceptCall(this.call, this.headers, handler((callback) -> see(callback))));
		}
	}

	private void see(String callback) {
		this.seen.add(callback + " " + Variables.TENANT.get());
		Variables.TENANT.set(callback);
	}

	private static ServerCallHandler<String, String> handler(Consumer<String> callbacks) {
		return (call, headers) -> {
			callbacks.accept("start");
			return new ServerCall.Listener<>() {

				@Override
				public void onMessage(String message) {
					callbacks.accept("onMessage " + message);
				}

				@Override
				public void onHalfClose() {
					callbacks.accept("onHalfClose");
				}

				@Override
				public void onCancel() {
					callbacks.accept("onCancel");
				}

				@Override
				public void onComplete() {
					callbacks.accept("onComplete");
				}

				@Override
				public void onReady() {
					callbacks.accept("onReady");
				}

			};
		};
	}

	@Configuration(proxyBeanMethods = false)
	static class Variables {

		@ContextVariable(header = "X-Tenant")
		static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

		@Bean
		ContextFillConfiguration.Settings rules() {
			return new ContextFillConfiguration.Settings(
					Map.of("tenant", new ContextFillConfiguration.Variable(null, true, null, ".*", true)));
		}

		@Bean
		ContextRemoteConfiguration.Settings remote() {
			return new ContextRemoteConfiguration.Settings(Set.of(), Set.of(), Set.of("tenant"), Set.of("10.0.0.0/8"),
					ContextRemoteConfiguration.Format.HEADERS, false);
		}

	}

	private static final class Call extends ServerCall<String, String> {

		private InetSocketAddress peer = new InetSocketAddress("10.0.0.1", 1);

		private final MethodDescriptor<String, String> method = MethodDescriptor.<String, String>newBuilder()
			.setType(MethodDescriptor.MethodType.UNARY)
			.setFullMethodName("tests.Service/method")
			.setRequestMarshaller(new Text())
			.setResponseMarshaller(new Text())
			.build();

		private Status closed;

		@Override
		public void request(int messages) {
		}

		@Override
		public void sendHeaders(Metadata headers) {
		}

		@Override
		public void sendMessage(String message) {
		}

		@Override
		public void close(Status status, Metadata trailers) {
			this.closed = status;
		}

		@Override
		public boolean isCancelled() {
			return false;
		}

		@Override
		public MethodDescriptor<String, String> getMethodDescriptor() {
			return this.method;
		}

		@Override
		public Attributes getAttributes() {
			return Attributes.newBuilder().set(Grpc.TRANSPORT_ATTR_REMOTE_ADDR, this.peer).build();
		}

	}

	private static final class Text implements MethodDescriptor.Marshaller<String> {

		@Override
		public InputStream stream(String value) {
			throw new UnsupportedOperationException();
		}

		@Override
		public String parse(InputStream stream) {
			throw new UnsupportedOperationException();
		}

	}

}
