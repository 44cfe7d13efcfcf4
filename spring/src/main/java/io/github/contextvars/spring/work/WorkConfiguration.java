package io.github.contextvars.spring.work;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;

/**
 * {@link Configuration @Configuration} for the {@link WorkRegistry}, which also begins
 * the construction of each singleton with an empty context. Imported by the
 * configurations of all other packages.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
public final class WorkConfiguration {

	static final String REGISTRY = "contextVarsWorkRegistry";

	// A child context's work is listed where its parent's is. Tasks are submitted while
	// the
	// application shuts down, too, when nothing can be created any more.
	@Bean(name = REGISTRY, destroyMethod = "")
	@Lazy(false)
	WorkRegistry contextVarsWorkRegistry(ConfigurableListableBeanFactory beanFactory, ObjectProvider<Tracking> tracking,
			ObjectProvider<ThreadLocalPropagation> threadLocals, ObjectProvider<WorkRecorder> recorder) {
		WorkRegistry inherited = inherited(beanFactory.getParentBeanFactory());
		if (inherited != null) {
			return inherited;
		}
		ThreadLocalPropagation propagation = threadLocals.getIfAvailable();
		WorkRecorder present = recorder.getIfAvailable();
		return tracking.stream().findAny().isPresent() ? WorkRegistry.tracking(propagation, present)
				: WorkRegistry.nonTracking(propagation, present);
	}

	@Bean
	@Lazy(false)
	DisposableBean contextVarsWorkRegistryRegistration(WorkRegistry workRegistry) {
		RunningApplications.add(WorkRegistry.class, workRegistry);
		return () -> RunningApplications.remove(WorkRegistry.class, workRegistry);
	}

	@Bean
	static BeanFactoryPostProcessor contextVarsSingletonConstruction() {
		return SingletonApplicationStartup::register;
	}

	@Bean
	static PropagationSource contextVarsUninstrumentedEntryPoints(ConfigurableListableBeanFactory beanFactory) {
		return new UninstrumentedEntryPoints(beanFactory);
	}

	private static @Nullable WorkRegistry inherited(@Nullable BeanFactory parent) {
		return (parent != null) ? parent.getBeanProvider(WorkRegistry.class).getIfUnique() : null;
	}

	/**
	 * Bean that makes the application's {@link WorkRegistry} a tracking one. Declared by
	 * what lists units of work, such as the endpoint.
	 *
	 * @since 0.1.0
	 */
	public static final class Tracking {

	}

}
