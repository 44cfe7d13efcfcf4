package io.github.contextvars.spring.task;

import java.lang.reflect.Method;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.context.event.SimpleApplicationEventMulticaster;
import org.springframework.util.Assert;
import org.springframework.util.ReflectionUtils;

import io.github.contextvars.spring.work.PropagationSource;

/**
 * Bean post-processor that propagates the publisher's context to listeners that an event
 * multicaster calls on an executor, which need not be a bean.
 */
final class ContextEventMulticasterBeanPostProcessor implements BeanPostProcessor, PropagationSource {

	static final String EXECUTOR_GETTER = "getTaskExecutor";

	private final ListableBeanFactory beanFactory;

	private final Supplier<ContextTaskDecorator> decorator;

	private final Supplier<Set<String>> excluded;

	/**
	 * Create a post-processor.
	 * @param beanFactory holds the multicasters
	 * @param decorator decorates the calls of listeners; asked for at the first event
	 * @param excluded the names of beans to leave alone
	 */
	ContextEventMulticasterBeanPostProcessor(ListableBeanFactory beanFactory, Supplier<ContextTaskDecorator> decorator,
			Supplier<Set<String>> excluded) {
		this.beanFactory = beanFactory;
		this.decorator = decorator;
		this.excluded = excluded;
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		if (bean instanceof SimpleApplicationEventMulticaster multicaster && !this.excluded.get().contains(name)) {
			Executor executor = executorOf(multicaster);
			if (executor != null && !(executor instanceof ContextExecutor)) {
				multicaster.setTaskExecutor(new ContextExecutor(executor, this.decorator));
			}
		}
		return bean;
	}

	/**
	 * List the multicasters that have an executor at this moment.
	 */
	@Override
	public Stream<Entry> entries() {
		return this.beanFactory.getBeansOfType(SimpleApplicationEventMulticaster.class, false, false)
			.entrySet()
			.stream()
			.flatMap((entry) -> Stream.ofNullable(executorOf(entry.getValue()))
				.map((executor) -> entryOf(entry.getKey(), executor)));
	}

	private static Entry entryOf(String name, Executor executor) {
		return (executor instanceof ContextExecutor known)
				? Entry.propagating(name, "event multicaster", known.delegate().getClass(), "wrapped executor")
				: Entry.notPropagating(name, "event multicaster", executor.getClass(),
						"it is excluded, or its executor was set after the bean was created or cannot be set",
						"Set the executor with setTaskExecutor(…) in the @Bean method of the multicaster.");
	}

	// The getter is protected.
	private static @Nullable Executor executorOf(SimpleApplicationEventMulticaster multicaster) {
		Method getter = ReflectionUtils.findMethod(SimpleApplicationEventMulticaster.class, EXECUTOR_GETTER);
		Assert.state(getter != null, () -> "No method " + EXECUTOR_GETTER + "() in SimpleApplicationEventMulticaster");
		ReflectionUtils.makeAccessible(getter);
		return (Executor) ReflectionUtils.invokeMethod(getter, multicaster);
	}

	private record ContextExecutor(Executor delegate, Supplier<ContextTaskDecorator> decorator) implements Executor {

		@Override
		public void execute(Runnable task) {
			this.delegate.execute(this.decorator.get().decorate(task));
		}

	}

}
