package io.github.contextvars.compatibility;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.beans.factory.support.DefaultSingletonBeanRegistry;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.kafka.test.EmbeddedKafkaBroker;
import org.springframework.kafka.test.EmbeddedKafkaKraftBroker;
import org.springframework.test.context.ContextConfiguration;

/**
 * Test of the {@link WebApplication} on Tomcat, which has few threads.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ContextConfiguration(initializers = WebTest.Kafka.class)
@SpringBootTest(classes = WebApplication.class, webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
		properties = { "contextvars.fill.tenant.header=X-Tenant", "contextvars.fill.user.principal=true",
				"contextvars.remote.send=tenant", "contextvars.remote.send-to=localhost",
				"contextvars.remote.receive=tenant", "contextvars.remote.receive-from=127.0.0.0/8,::1",
				"management.endpoint.contextvars.show-values=always",
				"management.endpoints.web.exposure.include=contextvars,metrics", "server.tomcat.threads.max=4",
				"spring.kafka.consumer.auto-offset-reset=earliest", "spring.main.web-application-type=servlet",
				"spring.security.user.name=ada", "spring.security.user.password=secret",
				"spring.task.execution.mode=force", "spring.task.execution.pool.core-size=2" })
@interface WebTest {

	class Kafka implements ApplicationContextInitializer<ConfigurableApplicationContext> {

		@Override
		public void initialize(ConfigurableApplicationContext context) {
			EmbeddedKafkaBroker broker = new EmbeddedKafkaKraftBroker(1, 1, "questions").adminTimeout(60);
			broker.afterPropertiesSet();
			TestPropertyValues.of("spring.kafka.bootstrap-servers=" + broker.getBrokersAsString()).applyTo(context);
			((DefaultSingletonBeanRegistry) context.getBeanFactory()).registerDisposableBean("kafkaBroker",
					broker::destroy);
		}

	}

}
