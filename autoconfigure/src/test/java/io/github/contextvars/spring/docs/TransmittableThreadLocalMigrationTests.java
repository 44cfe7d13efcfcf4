package io.github.contextvars.spring.docs;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

import com.alibaba.ttl.TransmittableThreadLocal;
import com.alibaba.ttl.TransmittableThreadLocal.Transmitter.Transmittee;
import com.alibaba.ttl.threadpool.TtlExecutors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.github.contextvars.Context;
import io.github.contextvars.ContextExecutors;
import io.github.contextvars.ContextFuture;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.task.ContextTaskConfiguration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The code of docs/how-to/migrate-from-transmittable-thread-local.md, before, during and
 * after.
 */
class TransmittableThreadLocalMigrationTests {

	private final ExecutorService pool = Executors.newSingleThreadExecutor();

	private final ExecutorService library = Executors.newSingleThreadExecutor();

	@AfterEach
	void shutDown() {
		List.of(this.pool, this.library).forEach(ExecutorService::shutdownNow);
		Before.TENANT.remove();
	}

	@Test
	void before() throws Exception {
		ExecutorService pool = this.pool;
		// tag::ttl-before[]
		TransmittableThreadLocal<String> tenant = new TransmittableThreadLocal<>();
		ExecutorService executor = TtlExecutors.getTtlExecutorService(pool);

		tenant.set("acme");
		assertThat(executor.submit(() -> tenant.get()).get()).isEqualTo("acme");
		tenant.set("globex");
		assertThat(executor.submit(() -> tenant.get()).get()).isEqualTo("globex");
		// end::ttl-before[]

		ExecutorService library = this.library;
		// tag::ttl-before-unwrapped[]
		tenant.set("acme");
		assertThat(library.submit(() -> tenant.get()).get()).isEqualTo("acme");
		tenant.set("globex");
		assertThat(library.submit(() -> tenant.get()).get()).isEqualTo("acme");
		// end::ttl-before-unwrapped[]
		tenant.remove();
	}

	@Test
	void beforeStageOfFutureHasTheValueOfItsCompleter() throws Exception {
		CompletableFuture<String> price = new CompletableFuture<>();
		Before.TENANT.set("acme");
		CompletableFuture<String> seen = price.thenApply((value) -> Before.TENANT.get());

		Before.TENANT.set("globex");
		TtlExecutors.getTtlExecutorService(this.pool).submit(() -> price.complete("42")).get();

		assertThat(seen).isCompletedWithValue("globex");
	}

	@Test
	void afterStageOfFutureHasTheValueOfItsRegistration() throws Exception {
		CompletableFuture<String> price = new CompletableFuture<>();
		CompletableFuture<String> seen = new Context().call(() -> {
			After.TENANT.set("acme");
			return ContextFuture.from(price).thenApply((value) -> After.TENANT.get());
		});

		new Context().call(() -> {
			After.TENANT.set("globex");
			return ContextExecutors.wrap(this.pool).submit(() -> price.complete("42")).get();
		});

		assertThat(seen).isCompletedWithValue("acme");
	}

	@Test
	void duringExecutorBeanPropagatesBoth() {
		try (ConfigurableApplicationContext context = start(During.class)) {
			ExecutorService executor = context.getBean(ExecutorService.class);
			for (String tenant : new String[] { "acme", "globex" }) {
				assertThat(seenBy(executor, tenant)).isEqualTo(tenant + " " + tenant);
			}
		}
	}

	@Test
	void duringExecutorThatIsNoBeanPropagatesBothWithBridge() {
		ExecutorService executor = TtlExecutors.getTtlExecutorService(this.pool);
		assertThat(seenBy(executor, "acme")).isEqualTo("acme nothing");

		ContextTransmittee bridge = new ContextTransmittee();
		TransmittableThreadLocal.Transmitter.registerTransmittee(bridge);
		try {
			assertThat(seenBy(executor, "globex")).isEqualTo("globex globex");
			CompletableFuture.runAsync(() -> assertThat(Context.depth()).isZero(), this.pool).join();
		}
		finally {
			TransmittableThreadLocal.Transmitter.unregisterTransmittee(bridge);
		}
	}

	@Test
	void after() {
		try (ConfigurableApplicationContext context = start(After.class)) {
			ExecutorService executor = context.getBean(ExecutorService.class);
			Supplier<String> task = () -> After.TENANT.get();
			for (String tenant : new String[] { "acme", "globex" }) {
				String seen = new Context().call(() -> {
					After.TENANT.set(tenant);
					return CompletableFuture.supplyAsync(task, executor).join();
				});
				assertThat(seen).isEqualTo(tenant);
			}
		}
	}

	private static String seenBy(ExecutorService executor, String tenant) {
		return new Context().call(() -> {
			Before.TENANT.set(tenant);
			After.TENANT.set(tenant);
			return CompletableFuture
				.supplyAsync(() -> Before.TENANT.get() + " " + After.TENANT.get("nothing"), executor)
				.join();
		});
	}

	private static ConfigurableApplicationContext start(Class<?> configuration) {
		return new AnnotationConfigApplicationContext(ContextTaskConfiguration.class, configuration);
	}

	static final class Before {

		static final TransmittableThreadLocal<String> TENANT = new TransmittableThreadLocal<>();

	}

	@Configuration(proxyBeanMethods = false)
	static class During {

		// tag::ttl-during[]
		@Bean
		ExecutorService reports() {
			return TtlExecutors.getTtlExecutorService(Executors.newFixedThreadPool(1));
		}
		// end::ttl-during[]

	}

	@Configuration(proxyBeanMethods = false)
	static class After {

		// tag::ttl-after[]
		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@Bean
		ExecutorService reports() {
			return Executors.newFixedThreadPool(1);
		}
		// end::ttl-after[]

	}

	// tag::ttl-bridge[]
	/** Lets contexts go where TransmittableThreadLocals go. */
	static final class ContextTransmittee implements Transmittee<Context, Context.Scope> {

		@Override
		public Context capture() {
			return Context.copyOfCurrent();
		}

		@Override
		public Context.Scope replay(Context captured) {
			return captured.copy().enter();
		}

		@Override
		public Context.Scope clear() {
			return new Context().enter();
		}

		@Override
		public void restore(Context.Scope entered) {
			entered.close();
		}

	}
	// end::ttl-bridge[]

}
