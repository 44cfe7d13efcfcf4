package io.github.contextvars.demo.hello;

import java.util.concurrent.CompletableFuture;

import org.springframework.scheduling.annotation.Async;
import org.springframework.stereotype.Service;

/**
 * Service that says good-bye to a client, on another thread.
 */
@Service
class FarewellService {

	@Async
	CompletableFuture<String> goodBye() {
		return CompletableFuture.completedFuture("Good bye, client @ " + ClientAddressFilter.CLIENT_ADDR.get()
				+ ", from " + Thread.currentThread().getName());
	}

}
