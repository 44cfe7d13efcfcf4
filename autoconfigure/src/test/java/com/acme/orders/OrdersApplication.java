package com.acme.orders;

import java.util.concurrent.CompletableFuture;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.stereotype.Service;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;

@EnableAsync
@SpringBootApplication
public class OrdersApplication {

	@ContextVariable(description = "Whose data this request may touch")
	static final ContextVar<String> TENANT = ContextVar.of("tenant");

	public static void main(String[] args) {
		SpringApplication.run(OrdersApplication.class, args);
	}

	@RestController
	record OrderController(Mail mail) {

		@GetMapping("/orders/mail")
		CompletableFuture<String> sendMail(@RequestHeader("X-Tenant") String tenant) {
			TENANT.set(tenant);
			return this.mail.send();
		}

	}

	@Service
	static class Mail {

		@Async
		CompletableFuture<String> send() {
			String thread = Thread.currentThread().getName();
			return CompletableFuture.completedFuture("Mail for " + TENANT.get() + " from " + thread);
		}

	}

}
