package io.github.contextvars.spring.work;

import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.BeansException;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.metrics.ApplicationStartup;
import org.springframework.core.metrics.StartupStep;

import io.github.contextvars.Context;

/**
 * {@link ApplicationStartup} of a bean factory that has each singleton created in an
 * empty context if the thread that asks for it first is in a context: what a singleton
 * schedules or submits then, it does for itself, and not for that request or task.
 * <p>
 * It is the one hook that surrounds the whole creation on the same thread, with the
 * constructor, the singletons that it depends on, initialization and failures. The steps
 * of the application's own {@code ApplicationStartup} are recorded as before.
 */
final class SingletonApplicationStartup implements ApplicationStartup {

	private static final String INSTANTIATION = "spring.beans.instantiate";

	private static final String BEAN_NAME = "beanName";

	private final ApplicationStartup delegate;

	private final ConfigurableListableBeanFactory beanFactory;

	private SingletonApplicationStartup(ApplicationStartup delegate, ConfigurableListableBeanFactory beanFactory) {
		this.delegate = delegate;
		this.beanFactory = beanFactory;
	}

	/**
	 * Let a bean factory create its singletons in empty contexts.
	 * @param beanFactory the bean factory
	 */
	static void register(ConfigurableListableBeanFactory beanFactory) {
		beanFactory
			.setApplicationStartup(new SingletonApplicationStartup(beanFactory.getApplicationStartup(), beanFactory));
	}

	@Override
	public StartupStep start(String name) {
		StartupStep step = this.delegate.start(name);
		return (Context.depth() > 0 && name.equals(INSTANTIATION)) ? new Instantiation(step) : step;
	}

	// Not created for this, as it may be what is created.
	private WorkRegistry workRegistry() {
		return (this.beanFactory.getSingleton(WorkConfiguration.REGISTRY) instanceof WorkRegistry registry) ? registry
				: RunningApplications.workRegistry();
	}

	// A bean that cannot be found, or whose definition is invalid, is the bean factory's
	// to report.
	private boolean isSingleton(String name) {
		try {
			return this.beanFactory.getMergedBeanDefinition(name).isSingleton();
		}
		catch (BeansException ex) {
			return false;
		}
	}

	private final class Instantiation implements StartupStep {

		private final StartupStep delegate;

		private Context.@Nullable Scope scope;

		private Instantiation(StartupStep delegate) {
			this.delegate = delegate;
		}

		@Override
		public String getName() {
			return this.delegate.getName();
		}

		@Override
		public long getId() {
			return this.delegate.getId();
		}

		@Override
		public @Nullable Long getParentId() {
			return this.delegate.getParentId();
		}

		@Override
		public StartupStep tag(String key, String value) {
			this.delegate.tag(key, value);
			if (this.scope == null && key.equals(BEAN_NAME) && isSingleton(value)) {
				WorkRegistry registry = workRegistry();
				// Nothing may fail after this: only then is the step ended.
				this.scope = registry.enter(registry.create(UnitOfWork.Kind.RUNNER, () -> "bean " + value));
			}
			return this;
		}

		@Override
		public StartupStep tag(String key, Supplier<String> value) {
			this.delegate.tag(key, value);
			return this;
		}

		@Override
		public Tags getTags() {
			return this.delegate.getTags();
		}

		@Override
		public void end() {
			Context.Scope entered = this.scope;
			this.scope = null;
			try {
				this.delegate.end();
			}
			finally {
				if (entered != null) {
					entered.close();
				}
			}
		}

	}

}
