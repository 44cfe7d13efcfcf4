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
 * {@link Configuration @Configuration} for JMS.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnPresent({ "org.springframework.jms.listener.AbstractMessageListenerContainer", "jakarta.jms.Message" })
final class JmsContextConfiguration {

	@Bean
	static JmsContextBeanPostProcessor contextVarsJmsBeanPostProcessor(ObjectProvider<WorkRegistry> workRegistry,
			ObjectProvider<RemoteReceiver> receiver, ListableBeanFactory beanFactory) {
		return new JmsContextBeanPostProcessor(SingletonSupplier.of(workRegistry::getObject),
				SingletonSupplier.ofNullable(receiver::getIfAvailable), beanFactory);
	}

}
