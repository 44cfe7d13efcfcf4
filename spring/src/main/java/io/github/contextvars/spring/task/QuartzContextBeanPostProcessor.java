package io.github.contextvars.spring.task;

import java.io.IOException;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.quartz.impl.StdSchedulerFactory;
import org.quartz.simpl.SimpleThreadPool;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PropertiesLoaderUtils;
import org.springframework.scheduling.quartz.SchedulerFactoryBean;

import io.github.contextvars.spring.work.PropagationSource;

/**
 * Bean post-processor that has each {@link SchedulerFactoryBean} use a
 * {@link ContextThreadPool}, unless it has an executor or a pool of the application's.
 */
final class QuartzContextBeanPostProcessor implements BeanPostProcessor, PropagationSource {

	private static final Log logger = LogFactory.getLog(QuartzContextBeanPostProcessor.class);

	private static final String CATEGORY = "scheduler";

	private final Map<String, Entry> entries = new ConcurrentSkipListMap<>();

	/**
	 * List the schedulers that were created so far.
	 */
	@Override
	public Stream<Entry> entries() {
		return this.entries.values().stream();
	}

	@Override
	public Object postProcessBeforeInitialization(Object bean, String name) {
		if (bean instanceof SchedulerFactoryBean factory) {
			this.entries.put(name, instrument(factory, name));
		}
		return bean;
	}

	// The fields have no getters.
	private static Entry instrument(SchedulerFactoryBean factory, String name) {
		DirectFieldAccessor fields = new DirectFieldAccessor(factory);
		if (fields.getPropertyValue("taskExecutor") != null) {
			return Entry.propagating(name, CATEGORY, SchedulerFactoryBean.class, "task executor");
		}
		Properties properties = (Properties) fields.getPropertyValue("quartzProperties");
		String poolClass = poolClass(properties, (Resource) fields.getPropertyValue("configLocation"));
		if (fields.getPropertyValue("schedulerFactory") != null) {
			return notPropagating(name, "its SchedulerFactory was made by the application");
		}
		if (poolClass != null && !poolClass.equals(SimpleThreadPool.class.getName())
				&& !poolClass.equals(ContextThreadPool.class.getName())) {
			return notPropagating(name, "its thread pool is a " + poolClass);
		}
		Properties merged = new Properties();
		if (properties != null) {
			merged.putAll(properties);
		}
		merged.setProperty(StdSchedulerFactory.PROP_THREAD_POOL_CLASS, ContextThreadPool.class.getName());
		factory.setQuartzProperties(merged);
		return Entry.propagating(name, CATEGORY, SchedulerFactoryBean.class, "thread pool");
	}

	private static @Nullable String poolClass(@Nullable Properties properties, @Nullable Resource configLocation) {
		String name = (properties != null) ? properties.getProperty(StdSchedulerFactory.PROP_THREAD_POOL_CLASS) : null;
		if (name != null || configLocation == null) {
			return name;
		}
		try {
			return PropertiesLoaderUtils.loadProperties(configLocation)
				.getProperty(StdSchedulerFactory.PROP_THREAD_POOL_CLASS);
		}
		catch (IOException ex) {
			// The factory reports it.
			return null;
		}
	}

	private static Entry notPropagating(String name, String reason) {
		Entry entry = Entry.notPropagating(name, CATEGORY, SchedulerFactoryBean.class, reason,
				"Set org.quartz.threadPool.class to " + ContextThreadPool.class.getName()
						+ ", or an executor bean with setTaskExecutor.");
		logger.warn("Jobs of scheduler '" + name + "' do not begin with a context: " + reason + ". " + entry.remedy());
		return entry;
	}

}
