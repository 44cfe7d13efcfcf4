package io.github.contextvars.spring.autoconfigure;

import java.util.function.Supplier;

import org.springframework.aop.Advisor;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Fallback;
import org.springframework.context.annotation.Role;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.scheduling.annotation.SchedulingConfigurer;
import org.springframework.util.function.SingletonSupplier;

import io.github.contextvars.spring.live.LiveContexts;
import io.github.contextvars.spring.task.AsyncPostProcessor;
import io.github.contextvars.spring.task.ContextTaskDecorator;
import io.github.contextvars.spring.task.ExecutorCoverage;
import io.github.contextvars.spring.task.ExecutorPostProcessor;
import io.github.contextvars.spring.task.ListenerAdvisor;

/**
 * {@link AutoConfiguration Auto-configuration} that carries contexts to other threads.
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnBooleanProperty(name = "contextvars.task.enabled", matchIfMissing = true)
public final class ContextTaskAutoConfiguration {

	// Whoever asks for the one TaskDecorator means the application's own.
	@Bean
	@Fallback
	@ConditionalOnMissingBean
	ContextTaskDecorator contextTaskDecorator(LiveContexts liveContexts) {
		return new ContextTaskDecorator(liveContexts);
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(Advisor.class)
	static class ExecutorConfiguration {

		@Bean
		@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
		static ExecutorPostProcessor contextExecutorPostProcessor(ConfigurableListableBeanFactory beanFactory,
				ObjectProvider<ContextTaskDecorator> decorator, ObjectProvider<ContextVarsProperties> properties) {
			Supplier<ContextVarsProperties.Task> task = SingletonSupplier.of(() -> properties.getObject().getTask());
			return new ExecutorPostProcessor(beanFactory, SingletonSupplier.of(decorator::getObject),
					() -> task.get().getExecutors() == ContextVarsProperties.Executors.BOOT,
					() -> task.get().getExclude());
		}

		@Bean
		@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
		ExecutorCoverage executorCoverage(ExecutorPostProcessor postProcessor) {
			return postProcessor.coverage();
		}

		@Bean
		@Order(Ordered.LOWEST_PRECEDENCE)
		SchedulingConfigurer contextSchedulingConfigurer(ExecutorPostProcessor postProcessor) {
			return postProcessor::coverRegistrar;
		}

		@Bean
		static AsyncPostProcessor contextAsyncPostProcessor(ObjectProvider<LiveContexts> liveContexts) {
			return new AsyncPostProcessor(SingletonSupplier.of(liveContexts::getObject));
		}

		@Bean
		@Role(BeanDefinition.ROLE_INFRASTRUCTURE)
		static ListenerAdvisor contextListenerAdvisor(ObjectProvider<LiveContexts> liveContexts,
				Environment environment) {
			return new ListenerAdvisor(SingletonSupplier.of(liveContexts::getObject),
					environment.getProperty("spring.aop.proxy-target-class", Boolean.class, true));
		}

	}

}
