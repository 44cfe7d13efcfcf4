package io.github.contextvars.demo;

import java.util.concurrent.CompletableFuture;

import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Tells clients who they are, as another thread sees it.
 */
@RestController
class WhoAmIController {

	private final AsyncTaskExecutor executor;

	WhoAmIController(AsyncTaskExecutor executor) {
		this.executor = executor;
	}

	@GetMapping("/whoami")
	CompletableFuture<Identity> whoAmI() {
		return CompletableFuture.supplyAsync(() -> Identity.here(Caller.TENANT.get(), Caller.USER.get()),
				this.executor);
	}

}
