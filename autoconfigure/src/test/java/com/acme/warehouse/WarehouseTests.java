package com.acme.warehouse;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

import io.github.contextvars.Context;
import io.github.contextvars.spring.testing.KafkaBroker;
import io.github.contextvars.spring.testing.Services;
import io.github.contextvars.spring.testing.TwoTenants;
import io.github.contextvars.testsupport.DocumentationPage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The application of docs/how-to/messages.md, which sends its orders to itself: nothing
 * but the header brings the tenant.
 */
class WarehouseTests {

	private static KafkaBroker kafka;

	private static ConfigurableApplicationContext app;

	@BeforeAll
	static void start() {
		kafka = KafkaBroker.start();
		String brokers = Services.RABBITMQ.isThere() ? "kafka,jms,rabbit" : "kafka,jms";
		app = new SpringApplicationBuilder(WarehouseApplication.class).web(WebApplicationType.NONE)
			.profiles(brokers.split(","))
			.properties(DocumentationPage.read("docs/how-to/messages.md").properties(kafka.properties()))
			// Messages of Kafka are trusted by their topic.
			.properties("contextvars.remote.send-to=" + brokers, "contextvars.remote.receive-from=rabbit,jms",
					"tests.frameworks=kafka,amqp,artemis,jms", "spring.main.banner-mode=off",
					"spring.artemis.embedded.queues=orders,shipped", "spring.jms.listener.receive-timeout=50ms")
			.run();
	}

	@AfterAll
	static void close() {
		app.close();
		kafka.close();
	}

	@BeforeEach
	void clear() {
		app.getBean(Shipments.class).confirmed().clear();
	}

	@ParameterizedTest
	@ValueSource(classes = { KafkaOrders.class, RabbitOrders.class, JmsOrders.class })
	void tenantGoesWithTheOrderAndComesBack(Class<? extends Orders> broker) throws Exception {
		assumeTrue(broker != RabbitOrders.class || Services.RABBITMQ.isThere(), Services.RABBITMQ::absence);
		int orders = TwoTenants.atOnce((tenant, number) -> inContext(tenant, () -> app.getBean(broker).place("Anvil")));

		Shipments shipments = app.getBean(Shipments.class);
		Awaitility.await().until(() -> shipments.confirmed().size() == orders);
		assertThat(shipments.confirmed()).containsOnly("Anvil for acme, confirmed to acme",
				"Anvil for globex, confirmed to globex");
	}

	@Test
	void tenantOfForeignTopicIsNotReceived() {
		inContext("acme", () -> app.getBean(KafkaOrders.class).suggest("Rocket"));

		Shipments shipments = app.getBean(Shipments.class);
		Awaitility.await().until(() -> !shipments.confirmed().isEmpty());
		assertThat(shipments.confirmed()).containsExactly("Rocket, confirmed to -");
	}

	private static void inContext(String tenant, Runnable sending) {
		new Context().run(() -> {
			WarehouseApplication.TENANT.set(tenant);
			sending.run();
		});
	}

}
