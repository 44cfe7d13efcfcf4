package io.github.contextvars.demo;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

/**
 * Controller that does without contexts what {@link WhoAmIController} does with them.
 * WRONG ON PURPOSE: it shows which values pooled threads see in thread locals.
 *
 * @see WhoAmIController
 */
@RestController
class NaiveWhoAmIController implements DisposableBean {

	// A plain ThreadLocal would be empty on the other thread. The usual workaround is an
	// inheritable one: a new thread gets its creator's values, and keeps them.
	private static final ThreadLocal<String> TENANT = new InheritableThreadLocal<>();

	private static final ThreadLocal<String> USER = new InheritableThreadLocal<>();

	// Not a bean, so the library does not propagate contexts to its tasks.
	private final ExecutorService executor = Executors.newFixedThreadPool(4);

	@GetMapping("/naive/whoami")
	CompletableFuture<Identity> whoAmI(@RequestHeader("X-Tenant") String tenant, @RequestHeader("X-User") String user) {
		TENANT.set(tenant);
		USER.set(user);
		return CompletableFuture.supplyAsync(() -> Identity.onCurrentThread(TENANT.get(), USER.get()), this.executor);
	}

	@Override
	public void destroy() {
		this.executor.shutdown();
	}

}
