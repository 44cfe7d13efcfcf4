package io.github.contextvars.spring.task;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.core.Ordered;
import org.springframework.core.PriorityOrdered;
import org.springframework.core.ResolvableType;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.config.ScheduledTaskRegistrar;
import org.springframework.util.ClassUtils;

import io.github.contextvars.Context;
import io.github.contextvars.spring.work.PropagationSource;

/**
 * Bean post-processor that instruments the executor and scheduler beans of an
 * application, so that they propagate contexts.
 * <p>
 * Spring's own task executors get one more task decorator and stay the objects that they
 * are. Everything else, all schedulers included, is proxied: a decorator sees a scheduled
 * task at the wrong moment, or not at all.
 */
final class ContextExecutorBeanPostProcessor
		implements BeanPostProcessor, SmartInitializingSingleton, PriorityOrdered, PropagationSource {

	private static final Log logger = LogFactory.getLog(ContextExecutorBeanPostProcessor.class);

	private static final Set<String> DISTRIBUTED = Set.of("com.hazelcast.core.IExecutorService",
			"org.redisson.api.RExecutorService", "org.redisson.api.RScheduledExecutorService");

	private final ConfigurableListableBeanFactory beanFactory;

	private final Supplier<ContextTaskDecorator> decorator;

	private final ExecutorProxyFactory proxies;

	private final Supplier<Set<String>> exclude;

	private final Map<String, Entry> entries = new ConcurrentSkipListMap<>();

	/**
	 * Create a post-processor.
	 * @param beanFactory knows what the beans were declared as
	 * @param decorator decorates the tasks; asked for at the first task, as
	 * post-processors are created before most beans
	 * @param exclude the names of beans to leave alone; asked for at the first executor
	 */
	ContextExecutorBeanPostProcessor(ConfigurableListableBeanFactory beanFactory,
			Supplier<ContextTaskDecorator> decorator, Supplier<Set<String>> exclude) {
		this.beanFactory = beanFactory;
		this.decorator = decorator;
		this.proxies = new ExecutorProxyFactory(beanFactory.getBeanClassLoader(),
				new TaskSubmissionInterceptor(decorator));
		this.exclude = exclude;
	}

	/**
	 * List the executors that were created so far.
	 */
	@Override
	public Stream<Entry> entries() {
		return List.copyOf(this.entries.values()).stream();
	}

	/**
	 * Instrument the scheduler behind {@code @Scheduled} methods, which need not be a
	 * bean.
	 * @param registrar holds the scheduler, after all others have configured it
	 */
	void instrument(ScheduledTaskRegistrar registrar) {
		TaskScheduler scheduler = registrar.getScheduler();
		if (scheduler != null && this.proxies.interfaceProxy(scheduler) instanceof TaskScheduler proxy) {
			registrar.setTaskScheduler(proxy);
		}
	}

	@Override
	public int getOrder() {
		return Ordered.HIGHEST_PRECEDENCE;
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		return (isExecutor(bean) && !isLeftAlone(name, bean))
				? instrument(name, bean, declaredType(definitionOf(name), bean)) : bean;
	}

	/**
	 * Warn of executors that were registered as objects, for which no post-processor is
	 * asked, and of names to leave alone that no bean has.
	 */
	@Override
	public void afterSingletonsInstantiated() {
		for (String name : this.beanFactory.getSingletonNames()) {
			Object bean = this.beanFactory.containsBeanDefinition(name) ? null : this.beanFactory.getSingleton(name);
			if (bean != null && isExecutor(bean) && !isLeftAlone(name, bean)) {
				// It may live longer than the application, and is not changed therefore.
				warn(name, bean, "it was registered as a singleton instance",
						"Register a bean definition, or ContextExecutors.wrap(executor)");
			}
		}
		for (String name : this.exclude.get()) {
			if (!this.beanFactory.containsBean(name)) {
				logger.warn("'contextvars.task.exclude' names '%s', and no bean has that name. Correct or remove it."
					.formatted(name));
			}
		}
	}

	private static boolean isExecutor(Object bean) {
		return bean instanceof Executor || bean instanceof TaskScheduler;
	}

	// Records what it decides, if it can be decided without looking for a mechanism.
	private boolean isLeftAlone(String name, Object bean) {
		if (isExcluded(name)) {
			ExecutorDecorators.removeContextDecorator(bean);
			record(Entry.notPropagating(name, category(bean), bean.getClass(), "excluded by contextvars.task.exclude",
					"Remove the name from contextvars.task.exclude."));
		}
		else if (bean.getClass().getPackage() == Context.class.getPackage()) {
			record(Entry.propagating(name, category(bean), bean.getClass(), "ContextExecutors"));
		}
		else if (isDistributed(bean)) {
			warn(name, bean, "hands serialized tasks to other processes", "Give the tasks their values as arguments");
		}
		else {
			return false;
		}
		return true;
	}

	// The target of a scoped proxy has a generated name.
	private boolean isExcluded(String name) {
		return this.exclude.get()
			.contains(ScopedProxyUtils.isScopedTarget(name) ? ScopedProxyUtils.getOriginalBeanName(name) : name);
	}

	private Object instrument(String name, Object bean, Class<?> declaredType) {
		if (ExecutorDecorators.add(bean, (task) -> this.decorator.get().decorate(task))) {
			record(Entry.propagating(name, category(bean), bean.getClass(), "task decorator"));
			return bean;
		}
		Object proxy = this.proxies.proxy(bean, declaredType);
		if (proxy != null) {
			record(Entry.propagating(name, category(bean), bean.getClass(), "proxy"));
			return proxy;
		}
		warn(name, bean,
				"its " + bean.getClass() + " cannot be proxied as the " + declaredType + " that it is declared as",
				"Declare the bean as an interface such as ExecutorService, or return ContextExecutors.wrap(executor)");
		return bean;
	}

	private static String category(Object bean) {
		return (bean instanceof TaskScheduler) ? "scheduler" : "executor";
	}

	private static boolean isDistributed(Object bean) {
		return ClassUtils.getAllInterfacesForClassAsSet(bean.getClass())
			.stream()
			.anyMatch((implemented) -> DISTRIBUTED.contains(implemented.getName()));
	}

	private void warn(String name, Object bean, String reason, String remedy) {
		logger.warn(
				"Executor '%s' does not propagate context variables: %s. %s, or name it in 'contextvars.task.exclude'."
					.formatted(name, reason, remedy));
		record(Entry.notPropagating(name, category(bean), bean.getClass(), reason, remedy + "."));
	}

	private void record(Entry entry) {
		this.entries.put(entry.name(), entry);
	}

	private @Nullable RootBeanDefinition definitionOf(String name) {
		BeanDefinition definition = this.beanFactory.containsBeanDefinition(name)
				? this.beanFactory.getMergedBeanDefinition(name) : null;
		return (definition instanceof RootBeanDefinition root) ? root : null;
	}

	// Where a factory bean leaves open what it makes, an interface will do.
	private static Class<?> declaredType(@Nullable RootBeanDefinition definition, Object bean) {
		ResolvableType declared = (definition != null) ? definition.getResolvableType() : ResolvableType.NONE;
		ResolvableType made = declared.as(FactoryBean.class);
		Class<?> type = ((made.resolve() != null) ? made.getGeneric() : declared).resolve();
		return (type != null && type.isInstance(bean)) ? type : Executor.class;
	}

}
