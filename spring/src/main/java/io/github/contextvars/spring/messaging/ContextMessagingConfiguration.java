package io.github.contextvars.spring.messaging;

import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import io.github.contextvars.spring.work.WorkConfiguration;

/**
 * {@link Configuration @Configuration} that gives each message that a container of Kafka,
 * RabbitMQ, JMS, Pulsar or Redis receives a context of its own.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@Import({ WorkConfiguration.class, FromContextConfiguration.class, KafkaContextConfiguration.class,
		RabbitContextConfiguration.class, JmsContextConfiguration.class, PulsarContextConfiguration.class,
		RedisContextConfiguration.class })
public final class ContextMessagingConfiguration {

}
