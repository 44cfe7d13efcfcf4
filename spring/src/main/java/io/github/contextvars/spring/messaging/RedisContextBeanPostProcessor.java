package io.github.contextvars.spring.messaging;

import java.lang.reflect.Field;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.data.redis.listener.RedisMessageListenerContainer;
import org.springframework.data.redis.stream.StreamMessageListenerContainer;
import org.springframework.util.Assert;
import org.springframework.util.ReflectionUtils;

import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Bean post-processor that gives each message of Redis' listener containers a context:
 * those of channels through the container's executor, of which each call of a listener is
 * a task, and those of streams through a container around the application's.
 */
final class RedisContextBeanPostProcessor implements BeanPostProcessor, PropagationSource {

	static final String TASK_EXECUTOR = "taskExecutor";

	private final Supplier<WorkRegistry> workRegistry;

	private final MessageContexts contexts;

	private final ListableBeanFactory beanFactory;

	/**
	 * Create a post-processor.
	 * @param workRegistry enters the contexts; asked for at the first message
	 * @param beanFactory holds the containers
	 */
	RedisContextBeanPostProcessor(Supplier<WorkRegistry> workRegistry, ListableBeanFactory beanFactory) {
		this.workRegistry = workRegistry;
		this.contexts = new MessageContexts(workRegistry, () -> null);
		this.beanFactory = beanFactory;
	}

	// A container makes its default executor when it is initialized.
	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		if (bean instanceof RedisMessageListenerContainer container) {
			Executor executor = executorOf(container);
			if (executor != null && !(executor instanceof MessageExecutor)) {
				container.setTaskExecutor(new MessageExecutor(executor, this.workRegistry));
			}
		}
		if (RedisStreamContextContainer.SPRING_CONTAINER.equals(bean.getClass().getName())) {
			return new RedisStreamContextContainer<>((StreamMessageListenerContainer<?, ?>) bean, this.contexts);
		}
		return bean;
	}

	/**
	 * List the containers, from the executors that they have at this moment.
	 */
	@Override
	public Stream<Entry> entries() {
		Map<String, Object> containers = new LinkedHashMap<>();
		this.beanFactory.getBeansOfType(RedisMessageListenerContainer.class, false, false).forEach(containers::put);
		this.beanFactory.getBeansOfType(StreamMessageListenerContainer.class, false, false).forEach(containers::put);
		return containers.entrySet().stream().map((entry) -> entryOf(entry.getKey(), entry.getValue()));
	}

	private static Entry entryOf(String name, Object container) {
		return (container instanceof RedisMessageListenerContainer ofChannels) ? entryOfChannels(name, ofChannels)
				: entryOfStreams(name, container);
	}

	private static Entry entryOfChannels(String name, RedisMessageListenerContainer container) {
		if (executorOf(container) instanceof MessageExecutor) {
			return Entry.propagating(name, "listener", container.getClass(), "wrapped executor");
		}
		return Entry.notPropagating(name, "listener", container.getClass(),
				"its executor was replaced after the container bean was created",
				"Set the executor in the @Bean method of the container.");
	}

	private static Entry entryOfStreams(String name, Object container) {
		if (!(container instanceof RedisStreamContextContainer<?, ?> known)) {
			return Entry.notPropagating(name, "listener", container.getClass(),
					"only containers of StreamMessageListenerContainer.create(...) can be instrumented",
					"Run the listener's body in new Context().run(...).");
		}
		if (known.hasEarlierSubscriptions()) {
			return Entry.notPropagating(name, "listener", known.target().getClass(),
					"a listener was registered before the container was a bean",
					"Register the listener in the @Bean method of its Subscription.");
		}
		return Entry.propagating(name, "listener", known.target().getClass(), "wrapped listener");
	}

	private static @Nullable Executor executorOf(RedisMessageListenerContainer container) {
		Field field = ReflectionUtils.findField(RedisMessageListenerContainer.class, TASK_EXECUTOR);
		Assert.state(field != null, () -> "No field " + TASK_EXECUTOR + " in RedisMessageListenerContainer");
		ReflectionUtils.makeAccessible(field);
		return (Executor) ReflectionUtils.getField(field, container);
	}

	/**
	 * Executor whose tasks are the calls of listeners, with their error handler.
	 */
	private static final class MessageExecutor implements Executor, DisposableBean {

		private final Executor delegate;

		private final Supplier<WorkRegistry> workRegistry;

		private MessageExecutor(Executor delegate, Supplier<WorkRegistry> workRegistry) {
			this.delegate = delegate;
			this.workRegistry = workRegistry;
		}

		@Override
		public void execute(Runnable message) {
			this.delegate.execute(() -> {
				WorkRegistry registry = this.workRegistry.get();
				registry.run(registry.create(UnitOfWork.Kind.MESSAGE, () -> "Redis message"), message);
			});
		}

		// A container destroys the executor that it has made itself.
		@Override
		public void destroy() throws Exception {
			if (this.delegate instanceof DisposableBean disposable) {
				disposable.destroy();
			}
		}

	}

}
