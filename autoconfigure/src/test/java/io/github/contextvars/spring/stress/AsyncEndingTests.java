package io.github.contextvars.spring.stress;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * All ends that asynchronous processing can come to, before, while and after the
 * container thread returns. One container thread serves everything, where threads are the
 * platform's.
 */
@ParameterizedClass
@MethodSource("io.github.contextvars.testsupport.Threading#available")
class AsyncEndingTests {

	private static WebApp app;

	private static int requests;

	@Parameter
	private Threading threading;

	@BeforeParameterizedClassInvocation
	static void start(Threading threading) {
		app = WebApp.start(EndingApplication.class, threading.property(), "server.tomcat.threads.max=1",
				"server.tomcat.threads.min-spare=1", "logging.level.root=off", "server.shutdown=immediate");
	}

	@AfterParameterizedClassInvocation
	static void stop() {
		app.close();
	}

	static Stream<Arguments> cells() {
		return Stream.of(Ending.values())
			.flatMap((ending) -> Stream.of(Timing.values()).map((timing) -> Arguments.of(ending, timing)));
	}

	@ParameterizedTest
	@MethodSource("cells")
	void endingSeesRequestsValuesAndLeavesThreadClean(Ending ending, Timing timing) throws Exception {
		Set<Order> orders = EnumSet.noneOf(Order.class);

		int attempts = 0;
		do {
			orders.add(end(ending, timing));
		}
		while (++attempts < timing.attempts() && !orders.containsAll(timing.orders(ending)));

		assertThat(orders).containsAll(timing.orders(ending));
	}

	private Order end(Ending ending, Timing timing) throws IOException {
		ViolationLog log = app.bean(ViolationLog.class);
		long completed = log.counted("onComplete, ended");
		long seen = log.counted(ending.shows(timing));
		Map<Order, Long> before = Order.counted(log);

		send("/ending?id=" + ++requests + "&ending=" + ending + "&timing=" + timing, ending == Ending.ABORT);

		Awaitility.with()
			.pollInterval(Duration.ofMillis(1))
			.await(ending.shows(timing))
			.until(() -> log.counted("onComplete, ended") == completed + 1 && log.counted(ending.shows(timing)) > seen
					&& !Order.counted(log).equals(before));
		assertThat(log.violations()).isEmpty();
		app.assertClean();
		assertThat(app.get("/nothing?id=0").statusCode()).isEqualTo(404);
		app.assertClean();
		assertThat(log.violations()).isEmpty();
		return Order.added(before, Order.counted(log));
	}

	private static void send(String path, boolean abort) throws IOException {
		try (Socket socket = new Socket("localhost", app.port())) {
			socket.setSoTimeout(60_000);
			OutputStream out = socket.getOutputStream();
			out.write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
				.getBytes(StandardCharsets.US_ASCII));
			InputStream in = socket.getInputStream();
			if (abort) {
				socket.setSoLinger(true, 0);
				in.readNBytes(1000);
			}
			else {
				in.readAllBytes();
			}
		}
	}

	enum Ending {

		COMPLETE, DISPATCH, ERROR, EXCEPTION, TIMEOUT, ABORT;

		/**
		 * What must have happened besides completion.
		 */
		String shows(Timing timing) {
			return switch (this) {
				case COMPLETE -> "onComplete";
				case DISPATCH -> "ASYNC dispatches";
				case ERROR -> "ERROR dispatches";
				// Of the request itself; later on it is one of its dispatch.
				case EXCEPTION -> (timing == Timing.BEFORE) ? "onError" : "ERROR dispatches";
				case TIMEOUT -> "onTimeout";
				case ABORT -> "aborts";
			};
		}

		/**
		 * About how long it takes.
		 */
		long nanos() {
			return switch (this) {
				case ABORT -> 10_000_000;
				case TIMEOUT -> 2_000_000;
				default -> 200_000;
			};
		}

	}

	enum Timing {

		BEFORE, AT, AFTER;

		int attempts() {
			return (this == AT) ? 500 : 1;
		}

		/**
		 * What must have been seen. Tomcat looks for time-outs once a second, and only at
		 * requests whose container threads have returned; when it sees an abort is up to
		 * the network.
		 */
		Set<Order> orders(Ending ending) {
			return switch (this) {
				case BEFORE -> EnumSet.of(Order.ENDED_FIRST);
				case AT -> (ending == Ending.TIMEOUT || ending == Ending.ABORT) ? EnumSet.noneOf(Order.class)
						: EnumSet.of(Order.ENDED_FIRST, Order.RETURNED_FIRST);
				case AFTER -> EnumSet.of(Order.RETURNED_FIRST);
			};
		}

		long timeOut() {
			return (this == AFTER) ? 50 : 1;
		}

	}

	/**
	 * Which of the end and the container thread's return was over when the other began.
	 */
	enum Order {

		ENDED_FIRST, RETURNED_FIRST, AT_ONCE;

		static Order of(boolean endedFirst, boolean returnedFirst) {
			return endedFirst ? ENDED_FIRST : (returnedFirst ? RETURNED_FIRST : AT_ONCE);
		}

		static Map<Order, Long> counted(ViolationLog log) {
			return Stream.of(values()).collect(Collectors.toMap((one) -> one, (one) -> log.counted(one.name())));
		}

		static Order added(Map<Order, Long> before, Map<Order, Long> after) {
			return Stream.of(values()).filter((one) -> after.get(one) > before.get(one)).findFirst().orElseThrow();
		}

	}

}
