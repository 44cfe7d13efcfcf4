package io.github.contextvars.spring.messaging;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.function.SingletonSupplier;

import io.github.contextvars.spring.remote.RemoteReceiver;
import io.github.contextvars.spring.work.PresenceCondition;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} for JMS.
 */
@Configuration(proxyBeanMethods = false)
@Conditional(JmsContextConfiguration.JmsIsPresent.class)
final class JmsContextConfiguration {

	@Bean
	static JmsContextBeanPostProcessor contextVarsJmsBeanPostProcessor(ObjectProvider<WorkRegistry> workRegistry,
			ObjectProvider<RemoteReceiver> receiver, ListableBeanFactory beanFactory) {
		return new JmsContextBeanPostProcessor(SingletonSupplier.of(workRegistry::getObject),
				SingletonSupplier.ofNullable(receiver::getIfAvailable), beanFactory);
	}

	/**
	 * Condition that Spring JMS is present.
	 */
	static final class JmsIsPresent extends PresenceCondition {

		JmsIsPresent() {
			super("org.springframework.jms.listener.AbstractMessageListenerContainer", "jakarta.jms.Message");
		}

	}

}
