package io.github.contextvars.spring.messaging;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.function.SingletonSupplier;

import io.github.contextvars.spring.work.ConditionalOnPresent;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} for Pulsar.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnPresent({ "org.springframework.pulsar.listener.PulsarMessageListenerContainer",
		"org.apache.pulsar.client.api.Message" })
final class PulsarContextConfiguration {

	@Bean
	static PulsarContextBeanPostProcessor contextVarsPulsarBeanPostProcessor(ObjectProvider<WorkRegistry> workRegistry,
			ListableBeanFactory beanFactory) {
		return new PulsarContextBeanPostProcessor(SingletonSupplier.of(workRegistry::getObject), beanFactory);
	}

}
