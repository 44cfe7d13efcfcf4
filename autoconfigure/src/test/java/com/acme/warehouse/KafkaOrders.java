package com.acme.warehouse;

import org.apache.kafka.clients.admin.NewTopic;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Profile;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.TopicBuilder;
import org.springframework.kafka.core.KafkaAdmin;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.stereotype.Component;

import io.github.contextvars.spring.annotation.FromContext;

@Component
@Profile("kafka")
class KafkaOrders implements Orders {

	private final KafkaTemplate<String, String> template;

	private final Shipments shipments;

	KafkaOrders(KafkaTemplate<String, String> template, Shipments shipments) {
		this.template = template;
		this.shipments = shipments;
	}

	@Bean
	static KafkaAdmin.NewTopics topics() {
		return new KafkaAdmin.NewTopics(topic("orders"), topic("suggestions"), topic("shipped"));
	}

	private static NewTopic topic(String name) {
		return TopicBuilder.name(name).partitions(1).build();
	}

	@Override
	// tag::messages-kafka[]
	public void place(String item) {
		this.template.send("orders", item);
	}

	@KafkaListener(topics = "orders")
	void ship(@Payload String item, @FromContext String tenant) {
		this.template.send("shipped", item + " for " + tenant);
	}

	@KafkaListener(topics = "shipped")
	void confirm(String shipment) {
		this.shipments.confirm(shipment);
	}
	// end::messages-kafka[]

	void suggest(String item) {
		this.template.send("suggestions", item);
	}

	@KafkaListener(topics = "suggestions")
	void consider(String item) {
		this.shipments.confirm(item);
	}

}
