package io.github.contextvars.spring.messaging;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.function.SingletonSupplier;

import io.github.contextvars.spring.remote.RemoteReceiver;
import io.github.contextvars.spring.work.ConditionalOnPresent;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} for Kafka.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnPresent("org.springframework.kafka.listener.AbstractMessageListenerContainer")
final class KafkaContextConfiguration {

	@Bean
	static KafkaContextBeanPostProcessor contextVarsKafkaBeanPostProcessor(ObjectProvider<WorkRegistry> workRegistry,
			ObjectProvider<RemoteReceiver> receiver, ListableBeanFactory beanFactory) {
		return new KafkaContextBeanPostProcessor(SingletonSupplier.of(workRegistry::getObject),
				SingletonSupplier.ofNullable(receiver::getIfAvailable), beanFactory);
	}

}
