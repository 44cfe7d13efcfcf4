package io.github.contextvars.spring.quartz;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.quartz.Scheduler;
import org.quartz.impl.StdSchedulerFactory;
import org.quartz.simpl.SimpleThreadPool;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PropertiesLoaderUtils;
import org.springframework.scheduling.quartz.SchedulerFactoryBean;
import org.springframework.util.CollectionUtils;

import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Bean post-processor that has the schedulers of {@link SchedulerFactoryBean}s fire each
 * job in an empty context: on their executor, or else on a thread pool that takes the
 * place of Quartz's default one.
 */
final class QuartzContextBeanPostProcessor implements BeanPostProcessor, PropagationSource {

	/**
	 * Names of fields that have a setter only.
	 */
	static final List<String> FIELDS = List.of("taskExecutor", "quartzProperties", "configLocation", "schedulerFactory",
			"schedulerFactoryClass");

	private final Supplier<WorkRegistry> workRegistry;

	private final ListableBeanFactory beanFactory;

	private final Map<String, Entry> entries = new ConcurrentSkipListMap<>();

	/**
	 * Create a post-processor.
	 * @param workRegistry enters the contexts; asked for at the first job
	 * @param beanFactory holds the schedulers
	 */
	QuartzContextBeanPostProcessor(Supplier<WorkRegistry> workRegistry, ListableBeanFactory beanFactory) {
		this.workRegistry = workRegistry;
		this.beanFactory = beanFactory;
	}

	@Override
	public Object postProcessBeforeInitialization(Object bean, String name) {
		if (bean instanceof SchedulerFactoryBean factory) {
			this.entries.put(name, instrument(factory, name));
		}
		return bean;
	}

	private Entry instrument(SchedulerFactoryBean factory, String name) {
		DirectFieldAccessor fields = new DirectFieldAccessor(factory);
		if (fields.getPropertyValue("schedulerFactory") != null
				|| !(fields.getPropertyValue("schedulerFactoryClass") instanceof Class<?> type
						&& StdSchedulerFactory.class.isAssignableFrom(type))) {
			return notPropagating(name, factory.getClass(), "it has a SchedulerFactory of its own");
		}
		if (fields.getPropertyValue("taskExecutor") instanceof Executor executor) {
			factory.setTaskExecutor((task) -> executor.execute(new FiringTask(task, this.workRegistry)));
			return Entry.propagating(name, "scheduler", factory.getClass(), "executor");
		}
		Properties properties = new Properties();
		if (fields.getPropertyValue("quartzProperties") instanceof Properties present) {
			CollectionUtils.mergePropertiesIntoMap(present, properties);
		}
		String threadPool = threadPool(properties, fields);
		if (!threadPool.equals(SimpleThreadPool.class.getName())) {
			return notPropagating(name, factory.getClass(), "its thread pool is a " + threadPool);
		}
		properties.setProperty(StdSchedulerFactory.PROP_THREAD_POOL_CLASS, ContextThreadPool.class.getName());
		factory.setQuartzProperties(properties);
		return Entry.propagating(name, "scheduler", factory.getClass(), "thread pool");
	}

	// What the factory bean does not find, it reports itself.
	private static String threadPool(Properties properties, DirectFieldAccessor fields) {
		Properties located = new Properties();
		if (fields.getPropertyValue("configLocation") instanceof Resource location) {
			try {
				PropertiesLoaderUtils.fillProperties(located, location);
			}
			catch (IOException ex) {
				return SimpleThreadPool.class.getName();
			}
		}
		String name = StdSchedulerFactory.PROP_THREAD_POOL_CLASS;
		return properties.getProperty(name, located.getProperty(name, SimpleThreadPool.class.getName())).strip();
	}

	/**
	 * List the schedulers, also those that no factory bean has created.
	 */
	@Override
	public Stream<Entry> entries() {
		Stream<Entry> others = Arrays.stream(this.beanFactory.getBeanNamesForType(Scheduler.class, true, false))
			.filter((name) -> !this.entries.containsKey(name) && !isOfFactoryBean(name))
			.map((name) -> notPropagating(name, Scheduler.class, "it was created without a SchedulerFactoryBean"));
		return Stream.concat(List.copyOf(this.entries.values()).stream(), others);
	}

	private boolean isOfFactoryBean(String name) {
		String factory = BeanFactory.FACTORY_BEAN_PREFIX + name;
		return this.beanFactory.containsBean(factory)
				&& this.beanFactory.isTypeMatch(factory, SchedulerFactoryBean.class);
	}

	private static Entry notPropagating(String name, Class<?> type, String reason) {
		return Entry.notPropagating(name, "scheduler", type, reason,
				"Set the taskExecutor of a SchedulerFactoryBean, or run the body of each job in new Context().run(...).");
	}

}
