package com.acme.warehouse;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.springframework.stereotype.Component;

@Component
class Shipments {

	private final Queue<String> confirmed = new ConcurrentLinkedQueue<>();

	void confirm(String shipment) {
		this.confirmed.add(shipment + ", confirmed to " + WarehouseApplication.TENANT.get("-"));
	}

	Queue<String> confirmed() {
		return this.confirmed;
	}

}
