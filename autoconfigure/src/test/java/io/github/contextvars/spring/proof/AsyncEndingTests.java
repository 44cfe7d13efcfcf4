package io.github.contextvars.spring.proof;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.contextvars.spring.testing.Threading;
import io.github.contextvars.spring.testing.WebApp;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * All ends that asynchronous processing can come to, before, while and after the
 * container thread returns. One container thread serves everything, where threads are the
 * platform's.
 */
@ParameterizedClass
@MethodSource("io.github.contextvars.spring.testing.Threading#available")
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
		Ledger ledger = app.bean(Ledger.class);
		long completed = ledger.counted("onComplete, ended");
		long seen = ledger.counted(ending.shows(timing));

		send("/ending?id=" + ++requests + "&ending=" + ending + "&timing=" + timing, ending == Ending.ABORT);

		Awaitility.await().until(() -> ledger.counted("onComplete, ended") == completed + 1);
		app.assertClean();
		assertThat(ledger.counted(ending.shows(timing))).as(ending.shows(timing)).isGreaterThan(seen);
		assertThat(app.get("/nothing?id=0").statusCode()).isEqualTo(404);
		app.assertClean();
		assertThat(ledger.complaints()).isEmpty();
	}

	private static void send(String path, boolean abort) throws IOException {
		try (Socket socket = new Socket("localhost", app.port())) {
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

	}

	enum Timing {

		BEFORE, AT, AFTER

	}

}
