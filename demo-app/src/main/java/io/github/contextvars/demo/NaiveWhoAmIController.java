package io.github.contextvars.demo;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

/**
 * What {@link WhoAmIController} does, done without contexts. WRONG ON PURPOSE: it shows
 * what comes of thread locals and pools.
 */
@RestController
class NaiveWhoAmIController implements DisposableBean {

	// A plain ThreadLocal would be empty on the other thread. The usual way out is this:
	// a thread inherits the values of whoever caused it to be made, and keeps them.
	private static final ThreadLocal<String> TENANT = new InheritableThreadLocal<>();

	private static final ThreadLocal<String> USER = new InheritableThreadLocal<>();

	// Not a bean, so nothing is carried.
	private final ExecutorService executor = Executors.newFixedThreadPool(4);

	@GetMapping("/naive/whoami")
	CompletableFuture<Identity> whoAmI(@RequestHeader("X-Tenant") String tenant, @RequestHeader("X-User") String user) {
		TENANT.set(tenant);
		USER.set(user);
		return CompletableFuture.supplyAsync(() -> Identity.here(TENANT.get(), USER.get()), this.executor);
	}

	@Override
	public void destroy() {
		this.executor.shutdown();
	}

}
