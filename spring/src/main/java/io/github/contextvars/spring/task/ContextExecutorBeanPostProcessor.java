package io.github.contextvars.spring.task;

import java.lang.ref.WeakReference;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
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
import org.springframework.context.ApplicationEvent;
import org.springframework.context.event.SmartApplicationListener;
import org.springframework.core.Ordered;
import org.springframework.core.PriorityOrdered;
import org.springframework.core.ResolvableType;
import org.springframework.core.task.TaskDecorator;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.config.ScheduledTaskRegistrar;

import io.github.contextvars.Context;
import io.github.contextvars.spring.work.PropagationSource;

/**
 * Bean post-processor that instruments the executor and scheduler beans of an
 * application, so that they propagate contexts.
 * <p>
 * Those of Spring that have each task decorated when it is submitted get one more task
 * decorator and stay the objects that they are, so that it can be seen at any time
 * whether they still have it. Everything else is proxied: a decorator would see a
 * scheduled task at the wrong moment, or not at all.
 */
final class ContextExecutorBeanPostProcessor implements BeanPostProcessor, SmartInitializingSingleton,
		SmartApplicationListener, PriorityOrdered, PropagationSource {

	private static final Log logger = LogFactory.getLog(ContextExecutorBeanPostProcessor.class);

	private static final Set<String> DISTRIBUTED = Set.of("com.hazelcast.core.IExecutorService",
			"org.redisson.api.RExecutorService", "org.redisson.api.RScheduledExecutorService");

	private static final Set<String> OF_SERVERS = Set.of("org.eclipse.jetty.util.thread.ThreadPool",
			"org.apache.catalina.Executor", "org.xnio.XnioWorker");

	// It is instrumented, and reported, by the package resilience.
	private static final String RESILIENCE_TIMER = "io.github.resilience4j.core.ContextAwareScheduledThreadPoolExecutor";

	private final ConfigurableListableBeanFactory beanFactory;

	private final TaskDecorator decorator;

	private final ExecutorProxyFactory proxies;

	private final Supplier<Set<String>> exclude;

	private final Supplier<Class<? extends ApplicationEvent>> readyEvent;

	private final Map<String, Instrumented> instrumented = new ConcurrentSkipListMap<>();

	private volatile boolean ready;

	/**
	 * Create a post-processor.
	 * @param beanFactory knows what the beans were declared as
	 * @param decorator decorates the tasks; asked for at the first task, as
	 * post-processors are created before most beans
	 * @param exclude the names of beans to leave alone; asked for at the first executor
	 * @param readyEvent the event after which an executor that the application changes is
	 * left as it is; asked for at the first event
	 */
	ContextExecutorBeanPostProcessor(ConfigurableListableBeanFactory beanFactory,
			Supplier<ContextTaskDecorator> decorator, Supplier<Set<String>> exclude,
			Supplier<Class<? extends ApplicationEvent>> readyEvent) {
		this.beanFactory = beanFactory;
		this.decorator = (task) -> decorator.get().decorate(task);
		this.proxies = new ExecutorProxyFactory(beanFactory.getBeanClassLoader(),
				new TaskSubmissionInterceptor(decorator));
		this.exclude = exclude;
		this.readyEvent = readyEvent;
	}

	/**
	 * List the executors that were created so far, as they are now.
	 */
	@Override
	public Stream<Entry> entries() {
		return List.copyOf(this.instrumented.keySet()).stream().map(this::lookAt);
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

	/**
	 * Return the highest precedence among post-processors: the proxies of others are
	 * outside.
	 */
	@Override
	public int getOrder() {
		return Ordered.HIGHEST_PRECEDENCE;
	}

	@Override
	public boolean supportsEventType(Class<? extends ApplicationEvent> type) {
		return this.readyEvent.get().isAssignableFrom(type);
	}

	@Override
	public void onApplicationEvent(ApplicationEvent event) {
		lookAtAll();
		this.ready = true;
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		return (isExecutor(bean) && !isLeftAlone(name, bean)) ? instrument(name, bean, definitionOf(name)) : bean;
	}

	/**
	 * Instrument or name the executors for which no post-processor was asked, and
	 * instrument those anew whose decorator other post-processors have replaced.
	 */
	@Override
	public void afterSingletonsInstantiated() {
		lookAtAll();
		for (String name : this.beanFactory.getSingletonNames()) {
			Object bean = this.instrumented.containsKey(name) ? null : this.beanFactory.getSingleton(name);
			if (bean != null && isExecutor(bean) && !isLeftAlone(name, bean)) {
				instrumentLate(name, bean);
			}
		}
		for (String name : this.exclude.get()) {
			if (!this.beanFactory.containsBean(name)) {
				logger.warn("'contextvars.task.exclude' names '%s', and no bean has that name. Correct or remove it."
					.formatted(name));
			}
		}
	}

	private void instrumentLate(String name, Object bean) {
		if (!this.beanFactory.containsBeanDefinition(name)) {
			// It may live longer than the application, and is not changed therefore.
			warn(name, bean, "it was registered as a singleton instance", "Register a bean definition" + orWrap(bean));
		}
		else if (!decorate(name, bean)) {
			warn(name, bean, "it was created before bean post-processors were",
					"Let what needs it so early get it from an ObjectProvider" + orWrap(bean));
		}
	}

	private void lookAtAll() {
		this.instrumented.keySet().forEach(this::lookAt);
	}

	// The application may have replaced the decorator.
	private synchronized Entry lookAt(String name) {
		Instrumented found = Objects.requireNonNull(this.instrumented.get(name));
		Object executor = found.decorated().get();
		if (executor == null || ExecutorDecorators.isDecoratedBy(executor, this.decorator)
				|| (!this.ready && ExecutorDecorators.add(executor, this.decorator))) {
			this.instrumented.put(name, found.as(found.initial()));
			return found.initial();
		}
		if (found.current().propagates()) {
			logger.warn(("Executor '%s' no longer propagates context variables: its task decorator was replaced "
					+ "after the start. Set the decorator where the bean is created.")
				.formatted(name));
		}
		Entry replaced = Entry.notPropagating(name, category(executor), executor.getClass(),
				"its task decorator was replaced after the start", "Set the decorator where the bean is created.");
		this.instrumented.put(name, found.as(replaced));
		return replaced;
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
		else if (isOneOf(DISTRIBUTED, bean.getClass())) {
			warn(name, bean, "it hands serialized tasks to other processes",
					"Give the tasks their values as arguments");
		}
		else if (isOneOf(OF_SERVERS, bean.getClass())) {
			record(Entry.notPropagating(name, category(bean), bean.getClass(),
					"it runs a web server's own tasks; each request has a context of its own",
					"Submit tasks to an executor of the application."));
		}
		else {
			return bean.getClass().getName().equals(RESILIENCE_TIMER);
		}
		return true;
	}

	// The target of a scoped proxy has a generated name.
	private boolean isExcluded(String name) {
		return this.exclude.get()
			.contains(ScopedProxyUtils.isScopedTarget(name) ? ScopedProxyUtils.getOriginalBeanName(name) : name);
	}

	private Object instrument(String name, Object bean, @Nullable RootBeanDefinition definition) {
		if (decorate(name, bean)) {
			return bean;
		}
		Method factoryMethod = (definition != null) ? definition.getResolvedFactoryMethod() : null;
		ExecutorProxyFactory.Result result = this.proxies.proxy(bean, declaredType(definition, bean),
				(factoryMethod != null) ? factoryMethod.getDeclaringClass() : null);
		if (result.proxy() != null) {
			record(Entry.propagating(name, category(bean), bean.getClass(), "proxy"));
			return result.proxy();
		}
		warn(name, bean, String.valueOf(result.obstacle()), "Change that" + orWrap(bean));
		return bean;
	}

	private boolean decorate(String name, Object bean) {
		if (!ExecutorDecorators.add(bean, this.decorator)) {
			return false;
		}
		Entry entry = Entry.propagating(name, category(bean), bean.getClass(), "task decorator");
		this.instrumented.put(name, new Instrumented(entry, entry, new WeakReference<>(bean)));
		return true;
	}

	// A scheduler of Spring's cannot be wrapped, but its tasks.
	private static String orWrap(Object bean) {
		for (Class<?> type : List.of(ScheduledExecutorService.class, ExecutorService.class, Executor.class)) {
			if (type.isInstance(bean) && !(bean instanceof TaskScheduler)) {
				return ", or declare the bean as %s and return ContextExecutors.wrap(executor)"
					.formatted(type.getSimpleName());
			}
		}
		return ", or submit Context.copyOfCurrent().wrap(task)";
	}

	private static String category(Object bean) {
		return (bean instanceof TaskScheduler) ? "scheduler" : "executor";
	}

	private static boolean isOneOf(Set<String> types, @Nullable Class<?> type) {
		return type != null && (types.contains(type.getName()) || isOneOf(types, type.getSuperclass())
				|| Arrays.stream(type.getInterfaces()).anyMatch((one) -> isOneOf(types, one)));
	}

	private void warn(String name, Object bean, String reason, String remedy) {
		logger.warn(
				"Executor '%s' does not propagate context variables: %s. %s, or name it in 'contextvars.task.exclude'."
					.formatted(name, reason, remedy));
		record(Entry.notPropagating(name, category(bean), bean.getClass(), reason, remedy + "."));
	}

	private void record(Entry entry) {
		this.instrumented.put(entry.name(), new Instrumented(entry, entry, new WeakReference<>(null)));
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

	/**
	 * What is known of an executor.
	 *
	 * @param initial its entry when it was created
	 * @param current its entry when it was last looked at
	 * @param decorated the executor, if it can lose the decorator that it has
	 */
	private record Instrumented(Entry initial, Entry current, WeakReference<Object> decorated) {

		Instrumented as(Entry entry) {
			return new Instrumented(this.initial, entry, this.decorated);
		}

	}

}
