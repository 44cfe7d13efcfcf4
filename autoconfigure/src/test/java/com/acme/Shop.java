package com.acme;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextVariable;

/**
 * The application whose responses docs/reference/endpoint.md shows.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@EnableAsync
@Import({ Shop.Orders.class, Shop.OrderMail.class, Shop.Printer.class })
public class Shop {

	@ContextVariable(description = "Whose data this request may touch")
	static final ContextVar<String> TENANT = ContextVar.of("tenant", "public");

	@ContextVariable(description = "What the customer pays with", sensitive = true)
	static final ContextVar<String> CARD = ContextVar.of("card");

	// Not declared.
	static final ContextVar<Integer> COPIES = ContextVar.of("copies");

	@Bean(defaultCandidate = false)
	ExecutorService reports() {
		return Executors.newFixedThreadPool(2);
	}

	@RestController
	static class Orders {

		private final OrderMail mail;

		Orders(OrderMail mail) {
			this.mail = mail;
		}

		@GetMapping("/orders/7")
		String order() throws InterruptedException {
			TENANT.set("acme");
			CARD.set("4111 1111 1111 1111");
			Archive.store();
			return this.mail.send().join();
		}

	}

	static class OrderMail {

		private final Printer printer;

		OrderMail(Printer printer) {
			this.printer = printer;
		}

		@Async
		CompletableFuture<String> send() {
			this.printer.print();
			return CompletableFuture.completedFuture("Sent for " + TENANT.get());
		}

	}

	public static class Printer {

		private final CountDownLatch started = new CountDownLatch(1);

		private final CountDownLatch finish = new CountDownLatch(1);

		@ContextScoped
		void print() {
			COPIES.set(2);
			this.started.countDown();
			await(this.finish);
		}

		public void awaitStart() {
			await(this.started);
		}

		public void finish() {
			this.finish.countDown();
		}

		private static void await(CountDownLatch latch) {
			try {
				if (!latch.await(30, TimeUnit.SECONDS)) {
					throw new IllegalStateException("Not in time");
				}
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}

	}

}
