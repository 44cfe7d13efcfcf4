package io.github.contextvars.spring.task;

import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

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

/**
 * Makes the executor and scheduler beans of an application carry contexts, whoever
 * defined them.
 * <p>
 * Spring's own task executors get one more task decorator and stay the objects that they
 * are. Everything else, all schedulers included, is proxied: a decorator sees a scheduled
 * task at the wrong moment, or not at all.
 */
public final class ContextExecutorBeanPostProcessor
		implements BeanPostProcessor, SmartInitializingSingleton, PriorityOrdered {

	private static final Log logger = LogFactory.getLog(ContextExecutorBeanPostProcessor.class);

	private static final String BOOT = "org.springframework.boot.";

	private static final Set<String> DISTRIBUTED = Set.of("com.hazelcast.core.IExecutorService",
			"org.redisson.api.RExecutorService", "org.redisson.api.RScheduledExecutorService");

	private final ConfigurableListableBeanFactory beanFactory;

	private final Supplier<ContextTaskDecorator> decorator;

	private final ExecutorPropagationReport coverage = new ExecutorPropagationReport();

	private final ExecutorProxyFactory proxies;

	private final BooleanSupplier bootOnly;

	private final Supplier<Set<String>> exclude;

	/**
	 * Create a post-processor.
	 * @param beanFactory knows what the beans were declared as
	 * @param decorator what carries; asked for at the first task, as post-processors are
	 * created before most beans
	 * @param bootOnly whether only the beans that Spring Boot defines are covered; asked
	 * for at the first executor
	 * @param exclude the names of beans to leave alone; asked for at the first executor
	 */
	public ContextExecutorBeanPostProcessor(ConfigurableListableBeanFactory beanFactory,
			Supplier<ContextTaskDecorator> decorator, BooleanSupplier bootOnly, Supplier<Set<String>> exclude) {
		this.beanFactory = beanFactory;
		this.decorator = decorator;
		this.proxies = new ExecutorProxyFactory(beanFactory.getBeanClassLoader(),
				new TaskSubmissionInterceptor(decorator));
		this.bootOnly = bootOnly;
		this.exclude = exclude;
	}

	/**
	 * Return the list of the executors that were created so far.
	 * @return the list, which grows
	 */
	public ExecutorPropagationReport coverage() {
		return this.coverage;
	}

	/**
	 * Cover the scheduler behind {@code @Scheduled} methods, which need not be a bean.
	 * @param registrar holds the scheduler, after all others have configured it
	 */
	public void coverRegistrar(ScheduledTaskRegistrar registrar) {
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
		return (isExecutor(bean) && !settle(name, bean)) ? cover(name, bean, declaredType(definitionOf(name), bean))
				: bean;
	}

	/**
	 * Warn of executors that were registered as objects, for which no post-processor is
	 * asked, and of names to leave alone that no bean has.
	 */
	@Override
	public void afterSingletonsInstantiated() {
		for (String name : this.beanFactory.getSingletonNames()) {
			Object bean = this.beanFactory.containsBeanDefinition(name) ? null : this.beanFactory.getSingleton(name);
			if (bean != null && isExecutor(bean) && !settle(name, bean)) {
				// It may live longer than the application: it is not ours to change.
				uncovered(name, bean, "it was registered as an object",
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

	// Records, and returns true, where it is decided without a look for a way to carry.
	private boolean settle(String name, Object bean) {
		if (isExcluded(name)) {
			ExecutorDecorators.removeOurs(bean);
			covered(name, bean, false, "excluded by contextvars.task.exclude");
		}
		else if (this.bootOnly.getAsBoolean() && !isOfBoot(definitionOf(name))) {
			covered(name, bean, false, "not defined by Spring Boot, and contextvars.task.executors=boot");
		}
		else if (bean.getClass().getPackage() == Context.class.getPackage()) {
			covered(name, bean, true, "ContextExecutors"); // by the user's policy
		}
		else if (isDistributed(bean)) {
			uncovered(name, bean, "hands serialized tasks to other processes",
					"Give the tasks their values as arguments");
		}
		else {
			return false;
		}
		return true;
	}

	// What a scoped proxy stands for has a name that no user gave it.
	private boolean isExcluded(String name) {
		return this.exclude.get()
			.contains(ScopedProxyUtils.isScopedTarget(name) ? ScopedProxyUtils.getOriginalBeanName(name) : name);
	}

	private Object cover(String name, Object bean, Class<?> declaredType) {
		if (ExecutorDecorators.add(bean, (task) -> this.decorator.get().decorate(task))) {
			return covered(name, bean, true, "task decorator");
		}
		Object proxy = this.proxies.proxy(bean, declaredType);
		if (proxy != null) {
			covered(name, bean, true, "proxy");
			return proxy;
		}
		return uncovered(name, bean,
				"its " + bean.getClass() + " cannot be proxied as the " + declaredType + " that it is declared as",
				"Declare the bean as an interface such as ExecutorService, or return ContextExecutors.wrap(executor)");
	}

	private static boolean isDistributed(Object bean) {
		return ClassUtils.getAllInterfacesForClassAsSet(bean.getClass())
			.stream()
			.anyMatch((implemented) -> DISTRIBUTED.contains(implemented.getName()));
	}

	private Object uncovered(String name, Object bean, String why, String advice) {
		logger.warn("Executor '%s' does not carry context variables: %s. %s, or name it in 'contextvars.task.exclude'."
			.formatted(name, why, advice));
		return covered(name, bean, false, why);
	}

	private Object covered(String name, Object bean, boolean propagates, String how) {
		this.coverage.add(new ExecutorPropagationReport.Entry(name, bean.getClass().getName(), propagates, how));
		return bean;
	}

	private @Nullable RootBeanDefinition definitionOf(String name) {
		BeanDefinition definition = this.beanFactory.containsBeanDefinition(name)
				? this.beanFactory.getMergedBeanDefinition(name) : null;
		return (definition instanceof RootBeanDefinition root) ? root : null;
	}

	private static boolean isOfBoot(@Nullable RootBeanDefinition definition) {
		return definition != null && definition.getResolvedFactoryMethod() != null
				&& definition.getResolvedFactoryMethod().getDeclaringClass().getName().startsWith(BOOT);
	}

	// Where a factory bean leaves open what it makes, an interface will do.
	private static Class<?> declaredType(@Nullable RootBeanDefinition definition, Object bean) {
		ResolvableType declared = (definition != null) ? definition.getResolvableType() : ResolvableType.NONE;
		ResolvableType made = declared.as(FactoryBean.class);
		Class<?> type = ((made.resolve() != null) ? made.getGeneric() : declared).resolve();
		return (type != null && type.isInstance(bean)) ? type : Executor.class;
	}

}
