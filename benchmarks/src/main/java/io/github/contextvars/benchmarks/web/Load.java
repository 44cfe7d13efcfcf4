package io.github.contextvars.benchmarks.web;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Load generator for three servers: the application, the same application once more, and
 * the application with the starter. They are loaded in turns, in short rounds and random
 * order, and each round of the second and third is divided by the first's. Fresh servers
 * are started several times, because no two JVMs compile alike.
 */
public final class Load {

	private static final int CONNECTIONS = 4;

	private final int restarts;

	private final int rounds;

	private final long warmUp;

	private final long length;

	private final Map<String, List<Double>> ratios = Map.of("againstItself.requests", new ArrayList<>(),
			"againstItself.cpu", new ArrayList<>(), "starter.requests", new ArrayList<>(), "starter.cpu",
			new ArrayList<>(), "without.requestsPerSecond", new ArrayList<>(), "without.cpuMicrosPerRequest",
			new ArrayList<>());

	private Load(boolean quick) {
		this.restarts = quick ? 1 : 4;
		this.rounds = quick ? 2 : 12;
		this.warmUp = quick ? 1_000 : 6_000;
		this.length = quick ? 300 : 1_000;
	}

	/**
	 * Measure.
	 * @param quick whether to measure briefly, only to see that it works
	 * @return the ratios of all rounds, by name
	 * @throws Exception if a server fails
	 */
	public static Map<String, List<Double>> measure(boolean quick) throws Exception {
		Load load = new Load(quick);
		for (int i = 0; i < load.restarts; i++) {
			load.measureFreshServers(new Random(i));
		}
		return load.ratios;
	}

	private void measureFreshServers(Random random) throws Exception {
		try (Server without = Server.start(false);
				Server again = Server.start(false);
				Server with = Server.start(true)) {
			List<Server> servers = List.of(without, again, with);
			for (Server server : servers) {
				round(server, this.warmUp);
			}
			for (int i = 0; i < this.rounds; i++) {
				List<Integer> order = new ArrayList<>(List.of(0, 1, 2));
				Collections.shuffle(order, random);
				Round[] done = new Round[servers.size()];
				for (int server : order) {
					done[server] = round(servers.get(server), this.length);
				}
				add(done[0], done[1], done[2]);
			}
		}
	}

	private void add(Round without, Round again, Round with) {
		this.ratios.get("againstItself.requests").add(again.requestsPerSecond() / without.requestsPerSecond());
		this.ratios.get("againstItself.cpu").add(again.cpuPerRequest() / without.cpuPerRequest());
		this.ratios.get("starter.requests").add(with.requestsPerSecond() / without.requestsPerSecond());
		this.ratios.get("starter.cpu").add(with.cpuPerRequest() / without.cpuPerRequest());
		this.ratios.get("without.requestsPerSecond").add(without.requestsPerSecond());
		this.ratios.get("without.cpuMicrosPerRequest").add(without.cpuPerRequest() / 1_000);
	}

	private static Round round(Server server, long millis)
			throws IOException, InterruptedException, ExecutionException {
		ExecutorService threads = Executors.newFixedThreadPool(CONNECTIONS);
		try (Client cpu = new Client(server.port(), "/cpu")) {
			long cpuBefore = Long.parseLong(cpu.send());
			long start = System.nanoTime();
			long end = start + millis * 1_000_000;
			List<Future<Long>> counts = new ArrayList<>();
			for (int i = 0; i < CONNECTIONS; i++) {
				counts.add(threads.submit(() -> sendUntil(server, end)));
			}
			long requests = 0;
			for (Future<Long> count : counts) {
				requests += count.get();
			}
			long nanos = System.nanoTime() - start;
			return new Round(requests, nanos, Long.parseLong(cpu.send()) - cpuBefore);
		}
		finally {
			threads.shutdown();
		}
	}

	private static long sendUntil(Server server, long end) throws IOException {
		long count = 0;
		try (Client client = new Client(server.port(), "/")) {
			while (System.nanoTime() < end) {
				client.send();
				count++;
			}
		}
		return count;
	}

	private record Round(long requests, long nanos, long cpuNanos) {

		double requestsPerSecond() {
			return this.requests * 1e9 / this.nanos;
		}

		double cpuPerRequest() {
			return (double) this.cpuNanos / this.requests;
		}

	}

}
