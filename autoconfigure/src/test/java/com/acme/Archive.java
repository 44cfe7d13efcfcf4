package com.acme;

/**
 * Reads a variable outside any context.
 */
final class Archive {

	private Archive() {
	}

	static void store() throws InterruptedException {
		Thread thread = new Thread(Archive::run, "archive");
		thread.start();
		thread.join();
	}

	private static void run() {
		Shop.TENANT.get();
	}

}
