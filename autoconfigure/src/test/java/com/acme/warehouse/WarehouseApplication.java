package com.acme.warehouse;

import java.util.Set;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.remote.RemoteTrust;

/**
 * The application of docs/how-to/messages.md.
 */
@SpringBootApplication
class WarehouseApplication {

	// tag::messages-variable[]
	@ContextVariable(description = "Whose order this is", header = "X-Tenant")
	static final ContextVar<String> TENANT = ContextVar.of("tenant");

	// end::messages-variable[]

	// tag::messages-trust[]
	@Bean
	RemoteTrust ownTopics() {
		return (transport, address, message) -> message instanceof ConsumerRecord<?, ?> record
				&& Set.of("orders", "shipped").contains(record.topic());
	}
	// end::messages-trust[]

}
