package com.acme.tutorial;

import java.util.concurrent.CompletableFuture;

import org.springframework.scheduling.annotation.Async;
import org.springframework.stereotype.Service;

@Service
class Greeter {

	@Async
	CompletableFuture<String> greetLater() {
		String thread = Thread.currentThread().getName();
		return CompletableFuture.completedFuture("Hello, " + TenantInterceptor.TENANT.get() + ", from " + thread);
	}

}
