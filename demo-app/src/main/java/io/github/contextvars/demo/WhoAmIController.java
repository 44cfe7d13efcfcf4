package io.github.contextvars.demo;

import java.util.concurrent.CompletableFuture;

import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Controller that returns the caller's identity as another thread sees it.
 *
 * @see NaiveWhoAmIController
 */
@RestController
class WhoAmIController {

	private final AsyncTaskExecutor executor;

	WhoAmIController(AsyncTaskExecutor executor) {
		this.executor = executor;
	}

	@GetMapping("/whoami")
	CompletableFuture<Identity> whoAmI() {
		return CompletableFuture.supplyAsync(
				() -> Identity.onCurrentThread(TenantInterceptor.TENANT.get(), TenantInterceptor.USER.get()),
				this.executor);
	}

}
