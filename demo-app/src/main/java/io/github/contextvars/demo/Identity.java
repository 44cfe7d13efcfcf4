package io.github.contextvars.demo;

/**
 * Whom the server took a client for.
 *
 * @param tenant the tenant it served
 * @param user the user it served
 * @param thread the thread on which it looked
 */
record Identity(String tenant, String user, String thread) {

	static Identity here(String tenant, String user) {
		return new Identity(tenant, user, Thread.currentThread().getName());
	}

}
