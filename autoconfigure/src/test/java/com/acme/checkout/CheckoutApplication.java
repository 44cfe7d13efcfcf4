package com.acme.checkout;

import io.grpc.ManagedChannel;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.openfeign.EnableFeignClients;
import org.springframework.cloud.openfeign.FeignClient;
import org.springframework.context.annotation.Bean;
import org.springframework.grpc.client.GrpcChannelFactory;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.client.RestClient;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.service.annotation.GetExchange;
import org.springframework.web.service.registry.ImportHttpServices;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;

/**
 * The application of docs/how-to/outgoing-calls.md.
 */
@EnableFeignClients
@ImportHttpServices(group = "prices", types = CheckoutApplication.Prices.class)
@SpringBootApplication
class CheckoutApplication {

	// tag::calls-variable[]
	@ContextVariable(description = "Whose data this request may touch", header = "X-Tenant")
	static final ContextVar<String> TENANT = ContextVar.of("tenant");

	// end::calls-variable[]

	// tag::calls-rest-client[]
	@Bean
	RestClient orders(RestClient.Builder builder, @Value("${orders.url}") String url) {
		return builder.baseUrl(url).build();
	}
	// end::calls-rest-client[]

	// tag::calls-web-client[]
	@Bean
	WebClient stock(WebClient.Builder builder, @Value("${stock.url}") String url) {
		return builder.baseUrl(url).build();
	}
	// end::calls-web-client[]

	// tag::calls-grpc[]
	@Bean
	ManagedChannel inventory(GrpcChannelFactory channels) {
		return channels.createChannel("inventory");
	}
	// end::calls-grpc[]

	// tag::calls-http-exchange[]
	interface Prices {

		@GetExchange("/prices")
		String all();

	}
	// end::calls-http-exchange[]

	// tag::calls-feign[]
	@FeignClient(name = "shipping", url = "${shipping.url}")
	interface Shipping {

		@GetMapping("/parcels")
		String parcels();

	}
	// end::calls-feign[]

}
