package io.github.contextvars.demo.hello;

import java.util.concurrent.CompletableFuture;

import org.springframework.scheduling.annotation.Async;
import org.springframework.stereotype.Service;

/**
 * Sees clients off, on another thread.
 */
@Service
class Porter {

	@Async
	CompletableFuture<String> goodBye() {
		return CompletableFuture.completedFuture(
				"Good bye, client @ " + ClientAddress.CLIENT_ADDR.get() + ", from " + Thread.currentThread().getName());
	}

}
