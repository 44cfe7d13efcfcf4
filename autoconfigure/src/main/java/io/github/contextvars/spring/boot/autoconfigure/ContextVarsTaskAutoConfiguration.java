package io.github.contextvars.spring.boot.autoconfigure;

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

import io.github.contextvars.spring.messaging.MessageListenerContextAdvisor;
import io.github.contextvars.spring.task.ContextAsyncBeanPostProcessor;
import io.github.contextvars.spring.task.ContextExecutorBeanPostProcessor;
import io.github.contextvars.spring.task.ContextTaskDecorator;
import io.github.contextvars.spring.task.ExecutorPropagationReport;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link AutoConfiguration Auto-configuration} that carries contexts to other threads.
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnBooleanProperty(name = "contextvars.task.enabled", matchIfMissing = true)
public final class ContextVarsTaskAutoConfiguration {

	// Whoever asks for the one TaskDecorator means the application's own.
	@Bean
	@Fallback
	@ConditionalOnMissingBean
	ContextTaskDecorator contextTaskDecorator(WorkRegistry liveContexts) {
		return new ContextTaskDecorator(liveContexts);
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(Advisor.class)
	static class ExecutorConfiguration {

		@Bean
		@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
		static ContextExecutorBeanPostProcessor contextExecutorPostProcessor(
				ConfigurableListableBeanFactory beanFactory, ObjectProvider<ContextTaskDecorator> decorator,
				ObjectProvider<ContextVarsProperties> properties) {
			Supplier<ContextVarsProperties.Task> task = SingletonSupplier.of(() -> properties.getObject().getTask());
			return new ContextExecutorBeanPostProcessor(beanFactory, SingletonSupplier.of(decorator::getObject),
					() -> task.get().getExecutors() == ContextVarsProperties.Executors.BOOT,
					() -> task.get().getExclude());
		}

		@Bean
		@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
		ExecutorPropagationReport executorCoverage(ContextExecutorBeanPostProcessor postProcessor) {
			return postProcessor.coverage();
		}

		@Bean
		@Order(Ordered.LOWEST_PRECEDENCE)
		SchedulingConfigurer contextSchedulingConfigurer(ContextExecutorBeanPostProcessor postProcessor) {
			return postProcessor::coverRegistrar;
		}

		@Bean
		static ContextAsyncBeanPostProcessor contextAsyncPostProcessor(ObjectProvider<WorkRegistry> liveContexts) {
			return new ContextAsyncBeanPostProcessor(SingletonSupplier.of(liveContexts::getObject));
		}

		@Bean
		@Role(BeanDefinition.ROLE_INFRASTRUCTURE)
		static MessageListenerContextAdvisor contextListenerAdvisor(ObjectProvider<WorkRegistry> liveContexts,
				Environment environment) {
			return new MessageListenerContextAdvisor(SingletonSupplier.of(liveContexts::getObject),
					environment.getProperty("spring.aop.proxy-target-class", Boolean.class, true));
		}

	}

}
