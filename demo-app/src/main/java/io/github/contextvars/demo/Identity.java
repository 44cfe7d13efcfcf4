package io.github.contextvars.demo;

/**
 * Identity of a client, as the server sees it.
 *
 * @param tenant the tenant that the server works for
 * @param user the user that the server works for
 * @param thread the name of the thread that read tenant and user
 */
record Identity(String tenant, String user, String thread) {

	static Identity onCurrentThread(String tenant, String user) {
		return new Identity(tenant, user, Thread.currentThread().getName());
	}

}
