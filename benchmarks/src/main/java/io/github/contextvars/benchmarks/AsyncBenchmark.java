package io.github.contextvars.benchmarks;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;

import com.alibaba.ttl.TransmittableThreadLocal;
import com.alibaba.ttl.TtlRunnable;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshotFactory;
import io.opentelemetry.context.ContextKey;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.core.task.TaskDecorator;
import org.springframework.core.task.support.ContextPropagatingTaskDecorator;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;

/**
 * Benchmark of a call of an {@code @Async} method, from the caller to the end of the
 * method on Spring Boot's executor with one thread, which reads one of ten values. The
 * caller makes a thousand calls while the other thread waits, which then runs them while
 * the caller waits: a figure is what a call takes on both threads together, without what
 * it takes to wake a thread or to compete for the queue.
 */
@State(Scope.Thread)
public class AsyncBenchmark extends Timed {

	private static final int CALLS = 1_000;

	private static final int VARIABLES = 10;

	/** What brings the values to the other thread. */
	@Param
	private Means means;

	private ConfigurableApplicationContext application;

	private Service service;

	private Values values;

	@Setup(Level.Trial)
	public void setUp() {
		this.values = this.means.values.get();
		this.application = new SpringApplicationBuilder(this.means.application).web(WebApplicationType.NONE)
			.bannerMode(Banner.Mode.OFF)
			.logStartupInfo(false)
			.properties("spring.task.execution.pool.core-size=1")
			.initializers((context) -> {
				if (this.values.decorator() != null) {
					context.getBeanFactory().registerSingleton("decorator", this.values.decorator());
				}
			})
			.run();
		this.service = this.application.getBean(Service.class);
	}

	@TearDown(Level.Trial)
	public void tearDown() {
		if (this.means != Means.NOTHING && !"value 9".equals(this.service.seen())) {
			throw new IllegalStateException("The other thread read " + this.service.seen());
		}
		this.application.close();
		this.values.restore().run();
	}

	@Benchmark
	@OperationsPerInvocation(CALLS)
	public void call() throws InterruptedException {
		CountDownLatch submitted = new CountDownLatch(1);
		CountDownLatch done = new CountDownLatch(CALLS);
		this.service.await(submitted);
		for (int i = 0; i < CALLS; i++) {
			this.service.read(this.values.last(), done);
		}
		submitted.countDown();
		done.await();
	}

	/**
	 * The libraries that are compared.
	 */
	public enum Means {

		/** Spring alone. */
		NOTHING(Application.class, () -> new Values(() -> null, null, () -> {
		})),

		/** This library. */
		CONTEXT_VARS(ApplicationWithVariables.class, () -> {
			Context.Scope scope = new Context().enter();
			List<ContextVar<String>> variables = list((i) -> ContextVar.<String>of("variable " + i));
			set(variables, ContextVar::set);
			return new Values(last(variables)::get, null, scope::close);
		}),

		/** Spring's decorator over Micrometer's snapshots of as many thread locals. */
		THREAD_LOCALS(Application.class, () -> {
			List<ThreadLocal<String>> variables = list((i) -> new ThreadLocal<>());
			ContextRegistry registry = new ContextRegistry();
			set(variables, (variable, value) -> {
				registry.registerThreadLocalAccessor(value, variable);
				variable.set(value);
			});
			return new Values(last(variables)::get,
					new ContextPropagatingTaskDecorator(
							ContextSnapshotFactory.builder().contextRegistry(registry).build()),
					() -> variables.forEach(ThreadLocal::remove));
		}),

		/** OpenTelemetry's Context, as its wrapped executors capture it. */
		OPEN_TELEMETRY(Application.class, () -> {
			List<ContextKey<String>> keys = list((i) -> ContextKey.named("key " + i));
			io.opentelemetry.context.Context context = io.opentelemetry.context.Context.root();
			for (int i = 0; i < VARIABLES; i++) {
				context = context.with(keys.get(i), "value " + i);
			}
			ContextKey<String> last = last(keys);
			return new Values(() -> io.opentelemetry.context.Context.current().get(last),
					(task) -> io.opentelemetry.context.Context.current().wrap(task), context.makeCurrent()::close);
		}),

		/** Alibaba's TransmittableThreadLocal, as its wrapped executors capture it. */
		TRANSMITTABLE(Application.class, () -> {
			List<TransmittableThreadLocal<String>> variables = list((i) -> new TransmittableThreadLocal<>());
			set(variables, ThreadLocal::set);
			return new Values(last(variables)::get, TtlRunnable::get, () -> variables.forEach(ThreadLocal::remove));
		});

		private final Class<?> application;

		private final Supplier<Values> values;

		Means(Class<?> application, Supplier<Values> values) {
			this.application = application;
			this.values = values;
		}

		private static <T> List<T> list(IntFunction<T> variable) {
			return IntStream.range(0, VARIABLES).mapToObj(variable).toList();
		}

		private static <T> void set(List<T> variables, BiConsumer<T, String> set) {
			IntStream.range(0, VARIABLES).forEach((i) -> set.accept(variables.get(i), "value " + i));
		}

		private static <T> T last(List<T> variables) {
			return variables.get(VARIABLES - 1);
		}

	}

	// Ten values on the calling thread: how to read the last, bring them, and remove
	// them.
	private record Values(Supplier<String> last, TaskDecorator decorator, Runnable restore) {

	}

	@EnableAsync
	@ImportAutoConfiguration(TaskExecutionAutoConfiguration.class)
	@Import(Service.class)
	static class Application {

	}

	@ImportAutoConfiguration({ ContextVarsAutoConfiguration.class, ContextVarsTaskAutoConfiguration.class })
	static class ApplicationWithVariables extends Application {

	}

	static class Service {

		private String seen;

		@Async
		void await(CountDownLatch submitted) throws InterruptedException {
			submitted.await();
		}

		@Async
		void read(Supplier<String> last, CountDownLatch done) {
			this.seen = last.get();
			done.countDown();
		}

		String seen() {
			return this.seen;
		}

	}

}
