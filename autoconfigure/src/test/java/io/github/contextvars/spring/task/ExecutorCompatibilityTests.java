package io.github.contextvars.spring.task;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.config.CustomScopeConfigurer;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.task.TaskSchedulingAutoConfiguration;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Scope;
import org.springframework.context.annotation.ScopedProxyMode;
import org.springframework.context.support.SimpleThreadScope;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.security.concurrent.DelegatingSecurityContextExecutor;
import org.springframework.web.context.request.RequestScope;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.testsupport.WithoutClass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Executors that are awkward to proxy: they propagate, or work as they would without us
 * and are said not to propagate.
 */
class ExecutorCompatibilityTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class,
				ContextVarsTaskAutoConfiguration.class, TaskSchedulingAutoConfiguration.class));

	@Test
	void executorOfSpringWhoseMethodsAreFinalPropagatesBehindItsInterface() {
		this.runner.withUserConfiguration(FinalMethods.class)
			.run((context) -> assertThat(readOn(context.getBean("ofSpring", Executor.class))).isEqualTo("acme"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "behindInterface", "asClass" })
	void executorWhoseMethodsAreFinalIsNotSaidToPropagate(String name) {
		this.runner.withUserConfiguration(FinalMethods.class).run((context) -> {
			assertThat(readOn(context.getBean(name, Executor.class))).isEqualTo("none");
			assertThat(context.getBean(name)).isExactlyInstanceOf(FinalExecute.class);
			assertThat(entryOf(name, context).reason()).isEqualTo("its method 'execute' is final");
			assertThat(entryOf(name, context).remedy())
				.isEqualTo("Change that, or declare the bean as Executor and return ContextExecutors.wrap(executor).");
		});
	}

	@Test
	void executorWithFinalMethodThatChangesItWorks() {
		this.runner.withBean("gate", Gate.class).run((context) -> {
			Gate gate = context.getBean(Gate.class);
			gate.open();

			assertThat(readOn(gate)).isEqualTo("none");
			assertThat(entryOf("gate", context).propagates()).isFalse();
		});
	}

	@Test
	void executorWithPrivateScheduledMethodStarts() {
		this.runner.withUserConfiguration(Polling.class).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(readOn(context.getBean(Poller.class))).isEqualTo("none");
			assertThat(entryOf("poller", context).propagates()).isFalse();
		});
	}

	@Test
	void finalScheduledExecutorBehindItsInterfaceStarts() {
		this.runner.withUserConfiguration(FinalPolling.class).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(entryOf("poller", context).propagates()).isFalse();
		});
	}

	@Test
	void executorIsInjectedAsTheFinalClassThatFactoryMakes() {
		this.runner.withBean("made", FreshThreadFactory.class)
			.withBean(NeedsFreshThread.class)
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void executorIsInjectedAsSealedInterface() {
		this.runner.withUserConfiguration(Sealed.class).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(entryOf("closed", context).propagates()).isFalse();
		});
	}

	@Test
	void scopedExecutorKeepsUsersDecorator() {
		this.runner.withUserConfiguration(Scoped.class).run((context) -> {
			assertThat(readOn(context.getBean("perThread", Executor.class))).isEqualTo("acme");
			assertThat(context.getBean(Scoped.class).seen).containsExactly("decorator acme");
		});
	}

	@Test
	void executorWhoseScopeIsNotActiveStarts() {
		this.runner.withUserConfiguration(Scoped.class, NeedsRequest.class)
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void scopedExecutorIsExcludedByItsName() {
		this.runner.withUserConfiguration(Scoped.class)
			.withPropertyValues("contextvars.task.exclude=perThread")
			.run((context) -> assertThat(readOn(context.getBean("perThread", Executor.class))).isEqualTo("none"));
	}

	@Test
	void executorThatIsRegisteredAsObjectIsLeftAloneAndReported() {
		SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor();

		this.runner.withInitializer(registering(executor)).run((context) -> {
			assertThat(readOn(context.getBean("object", Executor.class))).isEqualTo("none");
			assertThat(entryOf("object", context).reason()).isEqualTo("it was registered as a singleton instance");
			assertThat(entryOf("object", context).propagates()).isFalse();
		});
	}

	@Test
	void excludedExecutorThatIsRegisteredAsObjectIsNotWarnedOf() {
		this.runner.withInitializer(registering(new SimpleAsyncTaskExecutor()))
			.withPropertyValues("contextvars.task.exclude=object")
			.run((context) -> assertThat(entryOf("object", context).reason())
				.isEqualTo("excluded by contextvars.task.exclude"));
	}

	@Test
	void classThatCannotBeReadHasNoProxyClass() throws Exception {
		Class<?> unreadable = new WithoutClass(Missing.class, Unreadable.class).loadClass(Unreadable.class.getName());
		ExecutorProxyFactory proxies = new ExecutorProxyFactory(unreadable.getClassLoader(),
				new TaskSubmissionInterceptor(() -> {
					throw new IllegalStateException("not asked");
				}));

		assertThatExceptionOfType(LinkageError.class).isThrownBy(unreadable::getDeclaredMethods);
		assertThat(proxies.proxyClass(unreadable)).isNull();
	}

	private static PropagationSource.Entry entryOf(String bean, AssertableApplicationContext context) {
		return context.getBean("contextVarsExecutorBeanPostProcessor", PropagationSource.class)
			.entries()
			.filter((entry) -> entry.name().equals(bean))
			.findFirst()
			.orElseThrow();
	}

	private static ApplicationContextInitializer<ConfigurableApplicationContext> registering(Executor executor) {
		return (context) -> context.getBeanFactory().registerSingleton("object", executor);
	}

	private static String readOn(Executor executor) {
		return new Context().call(() -> {
			TENANT.set("acme");
			return CompletableFuture.supplyAsync(TENANT::get, executor).join();
		});
	}

	static class Missing {

	}

	static class Unreadable implements Executor {

		@Override
		public void execute(Runnable task) {
			task.run();
		}

		void needs(Missing argument) {
		}

	}

	static class FinalExecute implements Executor {

		@Override
		public final void execute(Runnable task) {
			new Thread(task).start();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class FinalMethods {

		@Bean
		Executor behindInterface() {
			return new FinalExecute();
		}

		@Bean
		Executor ofSpring() {
			return new DelegatingSecurityContextExecutor(new FinalExecute());
		}

		@Bean
		FinalExecute asClass() {
			return new FinalExecute();
		}

	}

	public static class Gate implements Executor {

		private boolean open;

		@Override
		public void execute(Runnable task) {
			if (!this.open) {
				throw new RejectedExecutionException("The gate is closed");
			}
			new Thread(task).start();
		}

		public final void open() {
			this.open = true;
		}

	}

	static class Poller implements Executor {

		private final BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();

		@Override
		public void execute(Runnable task) {
			this.tasks.add(task);
		}

		@Scheduled(fixedDelay = 10)
		private void poll() {
			Runnable task = this.tasks.poll();
			if (task != null) {
				task.run();
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableScheduling
	static class Polling {

		@Bean
		Poller poller() {
			return new Poller();
		}

	}

	public static final class FinalPoller implements Executor {

		@Override
		public void execute(Runnable task) {
			new Thread(task).start();
		}

		@Scheduled(fixedDelay = 10)
		public void poll() {
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableScheduling
	static class FinalPolling {

		@Bean
		Executor poller() {
			return new FinalPoller();
		}

	}

	static final class FreshThread implements Closed {

		@Override
		public void execute(Runnable task) {
			new Thread(task).start();
		}

	}

	static class FreshThreadFactory implements FactoryBean<FreshThread> {

		@Override
		public FreshThread getObject() {
			return new FreshThread();
		}

		@Override
		public Class<?> getObjectType() {
			return FreshThread.class;
		}

	}

	record NeedsFreshThread(FreshThread executor) {

	}

	sealed interface Closed extends Executor permits FreshThread {

	}

	record NeedsClosed(Closed executor) {

	}

	@Configuration(proxyBeanMethods = false)
	static class Sealed {

		@Bean
		Closed closed() {
			return new FreshThread();
		}

		@Bean
		NeedsClosed needsClosed(Closed closed) {
			return new NeedsClosed(closed);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Scoped {

		private final List<String> seen = new CopyOnWriteArrayList<>();

		@Bean
		static CustomScopeConfigurer scopes() {
			CustomScopeConfigurer scopes = new CustomScopeConfigurer();
			scopes.addScope("thread", new SimpleThreadScope());
			scopes.addScope("request", new RequestScope());
			return scopes;
		}

		@Bean
		@Scope(scopeName = "thread", proxyMode = ScopedProxyMode.TARGET_CLASS)
		ThreadPoolTaskExecutor perThread() {
			ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
			executor.setDaemon(true);
			executor.setTaskDecorator((task) -> () -> {
				this.seen.add("decorator " + TENANT.get());
				task.run();
			});
			return executor;
		}

		@Bean
		@Scope(scopeName = "request", proxyMode = ScopedProxyMode.TARGET_CLASS)
		ThreadPoolTaskExecutor perRequest() {
			return new ThreadPoolTaskExecutor();
		}

	}

	record NeedsRequest(@Qualifier("perRequest") Executor executor) {

	}

}
