package io.github.contextvars.spring.task;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;

import com.hazelcast.core.IExecutorService;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.event.ContextRefreshedEvent;
import org.springframework.core.Ordered;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.SyncTaskExecutor;
import org.springframework.core.task.TaskDecorator;
import org.springframework.core.task.support.CompositeTaskDecorator;
import org.springframework.scheduling.concurrent.ConcurrentTaskExecutor;

import io.github.contextvars.Context;
import io.github.contextvars.ContextExecutors;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(OutputCaptureExtension.class)
class ContextExecutorBeanPostProcessorTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

	private final ContextTaskDecorator decorator = new ContextTaskDecorator(WorkRegistry.nonTracking());

	private final List<String> seen = new ArrayList<>();

	private final TaskDecorator users = (task) -> {
		this.seen.add("user's decorator");
		return task;
	};

	@Test
	void excludedExecutorLosesOurDecoratorOnly() {
		ConcurrentTaskExecutor executor = new ConcurrentTaskExecutor(new FreshThread());
		executor.setTaskDecorator(new CompositeTaskDecorator(
				List.of(this.users, new CompositeTaskDecorator(List.of(this.decorator, this.users)))));

		Object bean = process(executor, Set.of("pool")).bean;
		submit(executor);

		assertThat(bean).isSameAs(executor);
		assertThat(this.seen).containsExactly("user's decorator", "user's decorator", "none");
	}

	@Test
	void excludedExecutorWithOurDecoratorAloneHasNone() {
		ConcurrentTaskExecutor executor = new ConcurrentTaskExecutor(new FreshThread());
		executor.setTaskDecorator(this.decorator);

		process(executor, Set.of("pool"));
		submit(executor);

		assertThat(this.seen).containsExactly("none");
	}

	@Test
	void excludedExecutorKeepsUsersDecorator() {
		ConcurrentTaskExecutor executor = new ConcurrentTaskExecutor(new FreshThread());
		executor.setTaskDecorator(this.users);

		process(executor, Set.of("pool"));
		submit(executor);

		assertThat(this.seen).containsExactly("user's decorator", "none");
	}

	@Test
	void executorThatIsAdvisedAlreadyIsAdvisedOnceMore() {
		ProxyFactory factory = new ProxyFactory(new FreshThread());
		factory.setInterfaces(Executor.class);
		Executor proxy = (Executor) factory.getProxy();

		Processed processed = process(proxy, Set.of());
		submit(proxy);

		assertThat(processed.bean).isSameAs(proxy);
		assertThat(processed.how).isEqualTo("proxy");
		assertThat(this.seen).containsExactly("acme");
	}

	@Test
	void executorThatUserHasWrappedIsLeftToHisPolicy() {
		Executor fixed = ContextExecutors.fixed(new FreshThread(), new Context());

		Processed processed = process(fixed, Set.of());
		submit(fixed);

		assertThat(processed.bean).isSameAs(fixed);
		assertThat(processed.how).isEqualTo("ContextExecutors");
		assertThat(this.seen).containsExactly("none");
	}

	@Test
	void executorThatSendsTasksElsewhereIsLeftAlone() {
		Object distributed = Proxy.newProxyInstance(getClass().getClassLoader(),
				new Class<?>[] { IExecutorService.class }, (proxy, method, arguments) -> null);

		Processed processed = process(distributed, Set.of());

		assertThat(processed.bean).isSameAs(distributed);
		assertThat(processed.how).contains("other processes");
	}

	@Test
	void subclassThatRewritesNothingIsDecorated() {
		SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor() {

			private static final long serialVersionUID = 1L;

			@Override
			public void close() {
				super.close();
			}

		};

		Processed processed = process(executor, Set.of());

		assertThat(processed.bean).isSameAs(executor);
		assertThat(processed.how).isEqualTo("task decorator");
	}

	@Test
	void executorWithoutDecoratorIsProxied() {
		assertThat(process(new SyncTaskExecutor(), Set.of()).how).isEqualTo("proxy");
	}

	@Test
	void beanThatIsNoExecutorIsReturned() {
		ContextExecutorBeanPostProcessor processor = processor(Set.of());

		assertThat(processor.postProcessAfterInitialization("text", "text")).isEqualTo("text");
	}

	@Test
	void proxiesOfOthersAreOutside() {
		assertThat(processor(Set.of()).getOrder()).isEqualTo(Ordered.HIGHEST_PRECEDENCE);
	}

	@Test
	void excludedNameThatNoBeanHasIsWarnedOf(CapturedOutput output) {
		new ApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(ContextVarsAutoConfiguration.class, ContextVarsTaskAutoConfiguration.class))
			.withPropertyValues("contextvars.task.exclude=pool,pol")
			.withBean("pool", Executor.class, FreshThread::new)
			.run((context) -> assertThat(
					output.toString().lines().filter((line) -> line.contains("contextvars.task.exclude")))
				.singleElement()
				.asString()
				.contains("names 'pol', and no bean has that name"));
	}

	private ContextExecutorBeanPostProcessor processor(Set<String> exclude) {
		return new ContextExecutorBeanPostProcessor(new DefaultListableBeanFactory(), () -> this.decorator,
				() -> exclude, () -> ContextRefreshedEvent.class);
	}

	private Processed process(Object bean, Set<String> exclude) {
		ContextExecutorBeanPostProcessor processor = processor(exclude);
		Object processed = processor.postProcessAfterInitialization(bean, "pool");
		return new Processed(processed,
				processor.entries()
					.map((entry) -> entry.propagates() ? entry.mechanism() : entry.reason())
					.findFirst()
					.orElseThrow());
	}

	private void submit(Executor executor) {
		new Context().run(() -> {
			TENANT.set("acme");
			executor.execute(() -> this.seen.add(TENANT.get()));
		});
	}

	private record Processed(Object bean, String how) {

	}

	private static final class FreshThread implements Executor {

		@Override
		public void execute(Runnable task) {
			Thread thread = new Thread(task);
			thread.start();
			try {
				thread.join();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}

	}

}
