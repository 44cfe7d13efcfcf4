package io.github.contextvars.spring.rpc;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.grpc.ForwardingServerBuilder;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.core.Ordered;
import org.springframework.grpc.server.GrpcServerFactory;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;
import org.springframework.grpc.server.lifecycle.GrpcServerStartedEvent;

import io.github.contextvars.spring.work.PropagationSource.Entry;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

class ContextServerBuilderCustomizerTests {

	private final ContextServerInterceptor interceptor = new ContextServerInterceptor(WorkRegistry.tracking());

	private final List<Boolean> addresses = new ArrayList<>();

	private final DefaultListableBeanFactory beanFactory = new DefaultListableBeanFactory();

	private final ContextServerBuilderCustomizer<Builder> customizer = new ContextServerBuilderCustomizer<>((tells) -> {
		this.addresses.add(tells);
		return this.interceptor;
	}, this.beanFactory);

	@Test
	void interceptorIsTheOutermostAndServerTellsAddresses() {
		Builder builder = new Builder();

		this.customizer.customize(builder);

		assertThat(builder.interceptors).containsExactly(this.interceptor);
		assertThat(this.addresses).containsExactly(true);
		assertThat(this.customizer.getOrder()).isEqualTo(Ordered.LOWEST_PRECEDENCE);
		assertThat(this.customizer.supportsAsyncExecution()).isFalse();
	}

	@Test
	void serverThatIsNeverStartedIsReportedByItsBuilder() {
		this.customizer.customize(new Builder());

		assertThat(this.customizer.entries()).extracting(Entry::name, Entry::propagates)
			.containsExactly(tuple("Builder", true));
	}

	@Test
	void serverThatWasStartedIsReportedByItsFactory() {
		GrpcServerFactory customized = new Factory();
		GrpcServerFactory other = new Factory();
		this.beanFactory.registerSingleton("otherFactory", other);
		this.beanFactory.registerSingleton("factory", customized);

		this.customizer.customize(new Builder());
		this.customizer.onApplicationEvent(started(customized));
		this.customizer.onApplicationEvent(started(other));
		this.customizer.onApplicationEvent(started(new Factory()));

		assertThat(this.customizer.entries()).extracting(Entry::name, Entry::propagates)
			.containsExactlyInAnyOrder(tuple("factory", true), tuple("otherFactory", false), tuple("Factory", false));
	}

	private static GrpcServerStartedEvent started(GrpcServerFactory factory) {
		return new GrpcServerStartedEvent(new GrpcServerLifecycle(factory, Duration.ZERO, (event) -> {
		}), new Builder().build(), "localhost", 1);
	}

	private static final class Factory implements GrpcServerFactory {

		@Override
		public Server createServer() {
			throw new UnsupportedOperationException();
		}

		@Override
		public void addService(ServerServiceDefinition service) {
			throw new UnsupportedOperationException();
		}

	}

	private static final class Builder extends ForwardingServerBuilder<Builder> {

		private final List<ServerInterceptor> interceptors = new ArrayList<>();

		@Override
		protected ServerBuilder<?> delegate() {
			throw new UnsupportedOperationException();
		}

		@Override
		public Builder intercept(ServerInterceptor added) {
			this.interceptors.add(added);
			return this;
		}

		@Override
		public Server build() {
			return new Server() {

				@Override
				public Server start() {
					return this;
				}

				@Override
				public Server shutdown() {
					return this;
				}

				@Override
				public Server shutdownNow() {
					return this;
				}

				@Override
				public boolean isShutdown() {
					return true;
				}

				@Override
				public boolean isTerminated() {
					return true;
				}

				@Override
				public boolean awaitTermination(long timeout, TimeUnit unit) {
					return true;
				}

				@Override
				public void awaitTermination() {
				}

			};
		}

	}

}
