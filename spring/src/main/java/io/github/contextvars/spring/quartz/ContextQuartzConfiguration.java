package io.github.contextvars.spring.quartz;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.util.function.SingletonSupplier;

import io.github.contextvars.spring.work.ConditionalOnPresent;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} that begins each firing of a Quartz job with an
 * empty context, around the job and all listeners.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnPresent({ "org.quartz.Scheduler", "org.springframework.scheduling.quartz.SchedulerFactoryBean" })
@Import(WorkConfiguration.class)
public final class ContextQuartzConfiguration {

	@Bean
	static QuartzContextBeanPostProcessor contextVarsQuartzBeanPostProcessor(ObjectProvider<WorkRegistry> workRegistry,
			ListableBeanFactory beanFactory) {
		return new QuartzContextBeanPostProcessor(SingletonSupplier.of(workRegistry::getObject), beanFactory);
	}

}
