package com.acme.warehouse;

import org.springframework.context.annotation.Profile;
import org.springframework.jms.annotation.JmsListener;
import org.springframework.jms.core.JmsTemplate;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.stereotype.Component;

import io.github.contextvars.spring.annotation.FromContext;

@Component
@Profile("jms")
class JmsOrders implements Orders {

	private final JmsTemplate template;

	private final Shipments shipments;

	JmsOrders(JmsTemplate template, Shipments shipments) {
		this.template = template;
		this.shipments = shipments;
	}

	@Override
	public void place(String item) {
		this.template.convertAndSend("orders", item);
	}

	@JmsListener(destination = "orders")
	void ship(@Payload String item, @FromContext String tenant) {
		this.template.convertAndSend("shipped", item + " for " + tenant);
	}

	@JmsListener(destination = "shipped")
	void confirm(String shipment) {
		this.shipments.confirm(shipment);
	}

}
