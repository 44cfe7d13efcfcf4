package io.github.contextvars.spring.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * The tenants {@code acme} and {@code globex}, whose requests run at the same time.
 */
public final class TwoTenants {

	private static final int REQUESTS = 40;

	private TwoTenants() {
	}

	/**
	 * Run requests of both tenants on four threads. A thread often serves one tenant
	 * behind the other.
	 * @param request what to run for each, with the tenant and the request's number
	 * @return how many requests there were
	 * @throws Exception what the first request that has failed has thrown
	 */
	public static int atOnce(Request request) throws Exception {
		ExecutorService clients = Executors.newFixedThreadPool(4);
		try {
			List<Future<?>> requests = new ArrayList<>();
			for (int i = 0; i < REQUESTS; i++) {
				String tenant = (i / 3 % 2 == 0) ? "acme" : "globex";
				int number = i;
				requests.add(clients.submit(() -> {
					request.run(tenant, number);
					return null;
				}));
			}
			for (Future<?> one : requests) {
				one.get(30, TimeUnit.SECONDS);
			}
			return REQUESTS;
		}
		finally {
			clients.shutdownNow();
		}
	}

	/**
	 * A request of a tenant.
	 */
	@FunctionalInterface
	public interface Request {

		/**
		 * Run the request.
		 * @param tenant whose it is
		 * @param number which one it is
		 * @throws Exception if it fails
		 */
		void run(String tenant, int number) throws Exception;

	}

}
