package com.acme.warehouse;

import org.springframework.amqp.core.AnonymousQueue;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Profile;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.stereotype.Component;

import io.github.contextvars.spring.annotation.FromContext;

@Component
@Profile("rabbit")
class RabbitOrders implements Orders {

	private final RabbitTemplate template;

	private final Queue orders;

	private final Queue shipped;

	private final Shipments shipments;

	RabbitOrders(RabbitTemplate template, @Qualifier("orderQueue") Queue orders,
			@Qualifier("shipmentQueue") Queue shipped, Shipments shipments) {
		this.template = template;
		this.orders = orders;
		this.shipped = shipped;
		this.shipments = shipments;
	}

	@Bean
	static Queue orderQueue() {
		return new AnonymousQueue();
	}

	@Bean
	static Queue shipmentQueue() {
		return new AnonymousQueue();
	}

	@Override
	public void place(String item) {
		this.template.convertAndSend(this.orders.getName(), item);
	}

	@RabbitListener(queues = "#{orderQueue.name}")
	void ship(@Payload String item, @FromContext String tenant) {
		this.template.convertAndSend(this.shipped.getName(), item + " for " + tenant);
	}

	@RabbitListener(queues = "#{shipmentQueue.name}")
	void confirm(String shipment) {
		this.shipments.confirm(shipment);
	}

}
