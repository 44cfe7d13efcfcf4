package io.github.contextvars.spring.task;

import java.util.Set;
import java.util.stream.Stream;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Fallback;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.scheduling.annotation.AsyncAnnotationBeanPostProcessor;
import org.springframework.scheduling.annotation.ScheduledAnnotationBeanPostProcessor;
import org.springframework.scheduling.annotation.SchedulingConfigurer;
import org.springframework.util.function.SingletonSupplier;

import io.github.contextvars.spring.registry.ContextVariableConfiguration;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} that propagates contexts to the tasks of executor
 * and scheduler beans and to {@code @Async} methods, and begins each run of a
 * {@code @Scheduled} method with an empty context.
 *
 * @since 0.1.0
 * @see Settings
 */
@Configuration(proxyBeanMethods = false)
@Import(WorkConfiguration.class)
public final class ContextTaskConfiguration {

	// What asks for the one TaskDecorator means the application's.
	@Bean
	@Fallback
	@Lazy(false)
	ContextTaskDecorator contextVarsTaskDecorator(WorkRegistry workRegistry) {
		return new ContextTaskDecorator(workRegistry);
	}

	@Bean
	static ContextExecutorBeanPostProcessor contextVarsExecutorBeanPostProcessor(
			ConfigurableListableBeanFactory beanFactory, ObjectProvider<ContextTaskDecorator> decorator,
			ObjectProvider<Settings> settings, ObjectProvider<ContextVariableConfiguration.Settings> variableSettings) {
		return new ContextExecutorBeanPostProcessor(beanFactory, SingletonSupplier.of(decorator::getObject),
				SingletonSupplier.of(() -> settings.getIfAvailable(Settings::defaults).exclude()),
				SingletonSupplier
					.of(() -> variableSettings.getIfAvailable(ContextVariableConfiguration.Settings::defaults)
						.readyEvent()));
	}

	@Bean
	static ContextAsyncBeanPostProcessor contextVarsAsyncBeanPostProcessor(ObjectProvider<WorkRegistry> workRegistry) {
		return new ContextAsyncBeanPostProcessor(SingletonSupplier.of(workRegistry::getObject));
	}

	@Bean
	static ContextEventMulticasterBeanPostProcessor contextVarsEventMulticasterBeanPostProcessor(
			ListableBeanFactory beanFactory, ObjectProvider<ContextTaskDecorator> decorator,
			ObjectProvider<Settings> settings) {
		return new ContextEventMulticasterBeanPostProcessor(beanFactory, SingletonSupplier.of(decorator::getObject),
				SingletonSupplier.of(() -> settings.getIfAvailable(Settings::defaults).exclude()));
	}

	@Bean
	@Order(Ordered.LOWEST_PRECEDENCE)
	SchedulingConfigurer contextVarsSchedulingConfigurer(ContextExecutorBeanPostProcessor postProcessor) {
		return postProcessor::instrument;
	}

	@Bean
	PropagationSource contextVarsAnnotatedTaskPropagation(ListableBeanFactory beanFactory) {
		return () -> Stream.of(AsyncAnnotationBeanPostProcessor.class, ScheduledAnnotationBeanPostProcessor.class)
			.flatMap((type) -> Stream.of(beanFactory.getBeanNamesForType(type, true, false))
				.map((name) -> (type == AsyncAnnotationBeanPostProcessor.class)
						? PropagationSource.Entry.propagating("@Async methods", "async", type, "advice")
						: PropagationSource.Entry.propagating("@Scheduled methods", "scheduled", type, "proxy")));
	}

	/**
	 * Settings of the propagation to tasks, as a bean.
	 *
	 * @param exclude the names of executor and scheduler beans to leave alone
	 * @since 0.1.0
	 */
	public record Settings(Set<String> exclude) {

		/**
		 * Create settings.
		 * @param exclude the names of executor and scheduler beans to leave alone
		 */
		public Settings {
			exclude = Set.copyOf(exclude);
		}

		/**
		 * Return the settings that apply if there is no such bean: nothing is excluded.
		 * @return the default settings
		 */
		public static Settings defaults() {
			return new Settings(Set.of());
		}

	}

}
