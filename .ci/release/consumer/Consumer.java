package com.acme;

import java.util.concurrent.CompletableFuture;

import io.github.contextvars.ContextVar;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.stereotype.Service;

/**
 * An application of the bill of materials and the starter only.
 */
@EnableAsync
@SpringBootApplication
public class Consumer {

	static final ContextVar<String> TENANT = ContextVar.of("tenant");

	public static void main(String[] args) {
		SpringApplication.run(Consumer.class, args);
	}

	@Bean
	ApplicationRunner runner(Mail mail) {
		return (arguments) -> {
			TENANT.set("acme");
			System.out.println(mail.send().get());
		};
	}

	@Service
	static class Mail {

		@Async
		CompletableFuture<String> send() {
			return CompletableFuture.completedFuture("Mail for " + TENANT.get() + " from " + Thread.currentThread().getName());
		}

	}

}
