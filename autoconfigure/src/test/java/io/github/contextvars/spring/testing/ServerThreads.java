package io.github.contextvars.spring.testing;

import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.springframework.boot.jetty.JettyWebServer;
import org.springframework.boot.tomcat.TomcatWebServer;
import org.springframework.boot.web.server.WebServer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The threads of a web server, to be looked at behind the library's back.
 */
public final class ServerThreads {

	private ServerThreads() {
	}

	/**
	 * Assert that no thread has kept a context.
	 * @param server a Tomcat or a Jetty
	 * @param threads how many threads it has
	 */
	public static void assertClean(WebServer server, int threads) throws Exception {
		Executor executor = executor(server);
		if (executor != null) {
			assertClean(executor, threads);
		}
	}

	/**
	 * Assert that no thread of a pool has kept a context. As many tasks as there are
	 * threads, and each waits for the others.
	 * @param executor the pool
	 * @param threads how many threads it has
	 */
	public static void assertClean(Executor executor, int threads) throws Exception {
		CyclicBarrier barrier = new CyclicBarrier(threads);
		List<FutureTask<Boolean>> probes = Stream.generate(() -> new FutureTask<>(() -> {
			boolean dirty = ThreadContextProbe.isInContext();
			barrier.await(30, TimeUnit.SECONDS);
			return dirty;
		})).limit(threads).toList();
		probes.forEach(executor::execute);
		for (FutureTask<Boolean> probe : probes) {
			assertThat(probe.get(30, TimeUnit.SECONDS)).as("thread is in a context").isFalse();
		}
	}

	private static Executor executor(WebServer server) {
		return (server instanceof TomcatWebServer tomcatServer)
				? tomcatServer.getTomcat().getConnector().getProtocolHandler().getExecutor()
				: ((JettyWebServer) server).getServer().getThreadPool();
	}

}
