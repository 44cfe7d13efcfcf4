package io.github.contextvars.spring.web.socket;

import java.lang.reflect.Type;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;
import org.springframework.messaging.converter.StringMessageConverter;
import org.springframework.messaging.simp.stomp.StompHeaders;
import org.springframework.messaging.simp.stomp.StompSession;
import org.springframework.messaging.simp.stomp.StompSessionHandlerAdapter;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.web.client.RestTemplate;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketHttpHeaders;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.client.WebSocketClient;
import org.springframework.web.socket.client.standard.StandardWebSocketClient;
import org.springframework.web.socket.handler.TextWebSocketHandler;
import org.springframework.web.socket.messaging.WebSocketStompClient;
import org.springframework.web.socket.sockjs.client.RestTemplateXhrTransport;
import org.springframework.web.socket.sockjs.client.SockJsClient;

import io.github.contextvars.spring.testing.MixedWork;
import io.github.contextvars.spring.testing.ServerThreads;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Each WebSocket session begins as a copy of its handshake request's context, and each of
 * its messages as a copy of the session's.
 */
class WebSocketPropagationTests {

	private static final int UNITS = 240;

	private static final int THREADS = 4;

	private static ServletWebServerApplicationContext tomcat;

	@BeforeAll
	static void start() {
		tomcat = start("tomcat");
	}

	@AfterAll
	static void stop() {
		tomcat.close();
	}

	@Test
	void messagesOfSessionsAreSeparate() throws Exception {
		assertRaw(tomcat, new StandardWebSocketClient(), "raw");
	}

	@Test
	void messagesOverSockJsAreSeparate() throws Exception {
		assertRaw(tomcat, sockJs(), "raw-sockjs");
	}

	@Test
	void messageThatFailsEndsItsSessionOnly() throws Exception {
		try (RawClient client = new RawClient(tomcat, new StandardWebSocketClient(), "raw", "failing")) {
			client.send("fails:acme");

			awaitSession(tomcat, "closed failing@raw -");
		}
		assertClean(tomcat);
	}

	@Test
	void framesOfStompAreSeparate() throws Exception {
		assertStomp(tomcat, new StandardWebSocketClient(), "stomp");
	}

	@Test
	void framesOfStompOverSockJsAreSeparate() throws Exception {
		assertStomp(tomcat, sockJs(), "stomp-sockjs");
	}

	@Test
	void framesThatAreHandledInTheirOrderAreSeparate() throws Exception {
		try (ServletWebServerApplicationContext application = start("tomcat", "tests.preserve-order=true")) {
			assertStomp(application, new StandardWebSocketClient(), "stomp");
		}
	}

	@Test
	void threadsThatSendTheNextFrameAreCleanAlsoWhereTasksDoNotPropagate() throws Exception {
		try (ServletWebServerApplicationContext application = start("tomcat", "tests.preserve-order=true",
				"contextvars.task.enabled=false")) {
			sendStomp(application, new StandardWebSocketClient(), "stomp");

			ThreadPoolExecutor pool = application.getBean("clientInboundChannelExecutor", ThreadPoolTaskExecutor.class)
				.getThreadPoolExecutor();
			pool.prestartAllCoreThreads();
			ServerThreads.assertClean(pool.getQueue()::add, pool.getPoolSize());
		}
	}

	@Test
	void parametersAreNeverBoundToThePayload() throws Exception {
		try (ServletWebServerApplicationContext application = start("tomcat", "contextvars.web.enabled=false",
				"contextvars.outside-context.set=allow")) {
			List<MixedWork.Unit> units = sendStomp(application, new StandardWebSocketClient(), "stomp");

			assertThat(application.getBean(MixedWork.class).lines(units, "handler")).isNotEmpty()
				.noneMatch((line) -> line.contains("stomp-unit"));
		}
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21)
	void sessionsOnVirtualThreadsAreSeparate() throws Exception {
		try (ServletWebServerApplicationContext application = start("tomcat", "spring.threads.virtual.enabled=true")) {
			assertRaw(application, new StandardWebSocketClient(), "raw");
			assertStomp(application, new StandardWebSocketClient(), "stomp");
		}
	}

	@Test
	void sessionsOnJettyAreSeparate() throws Exception {
		try (ServletWebServerApplicationContext application = start("jetty")) {
			assertRaw(application, new StandardWebSocketClient(), "raw");
			assertStomp(application, new StandardWebSocketClient(), "stomp");
		}
	}

	private static ServletWebServerApplicationContext start(String server, String... properties) {
		return start(SocketApplication.class, server, properties);
	}

	static ServletWebServerApplicationContext start(Class<?> configuration, String server, String... properties) {
		List<String> all = new ArrayList<>(List.of("server.port=0", "server.shutdown=immediate",
				"tests.frameworks=websocket," + server, "server.tomcat.threads.max=" + THREADS,
				"spring.main.banner-mode=off", "logging.level.org.springframework.web.socket=off",
				"management.endpoints.web.exposure.include=contextvars"));
		if (server.equals("jetty")) {
			all.add("spring.autoconfigure.exclude=org.springframework.boot.tomcat.autoconfigure.servlet.TomcatServletWebServerAutoConfiguration,"
					+ "org.springframework.boot.tomcat.autoconfigure.actuate.web.server.TomcatServletManagementContextAutoConfiguration,"
					+ "org.springframework.boot.websocket.autoconfigure.servlet.TomcatWebSocketServletAutoConfiguration");
		}
		all.addAll(List.of(properties));
		SpringApplication application = new SpringApplicationBuilder(configuration).web(WebApplicationType.SERVLET)
			.properties(all.toArray(String[]::new))
			.build();
		return (ServletWebServerApplicationContext) application.run();
	}

	private static void assertRaw(ServletWebServerApplicationContext application, WebSocketClient webSocketClient,
			String path) throws Exception {
		List<MixedWork.Unit> units = units(path);
		try (RawClient alice = new RawClient(application, webSocketClient, path, "alice");
				RawClient bob = new RawClient(application, webSocketClient, path, "bob")) {
			for (int i = 0; i < UNITS; i++) {
				MixedWork.Unit unit = units.get(i);
				((i % 2 == 0) ? alice : bob)
					.send((unit.tenant() != null) ? unit.id() + ":" + unit.tenant() : unit.id());
			}
			assertThat(alice.received(UNITS / 2)).doesNotContainAnyElementsOf(bob.received(UNITS / 2));
		}

		application.getBean(MixedWork.class).assertSeen(units, (unit) -> {
			String user = ((units.indexOf(unit) % 2 == 0) ? "alice@" : "bob@") + path;
			return List.of(user + " -", user + " " + unit.expected());
		});
		for (String user : List.of("alice", "bob")) {
			awaitSession(application, "established " + user + " -");
			awaitSession(application, "closed " + user + "@" + path + " -");
		}
		assertClean(application);
	}

	private static List<MixedWork.Unit> sendStomp(ServletWebServerApplicationContext application,
			WebSocketClient webSocketClient, String path) throws Exception {
		List<MixedWork.Unit> units = units(path);
		WebSocketStompClient client = new WebSocketStompClient(webSocketClient);
		client.setMessageConverter(new StringMessageConverter());
		Set<String> received = ConcurrentHashMap.newKeySet();
		StompSession alice = connect(application, client, path, "alice");
		StompSession bob = connect(application, client, path, "bob");
		alice.subscribe("/topic/chat", new StompSessionHandlerAdapter() {

			@Override
			public Type getPayloadType(StompHeaders headers) {
				return String.class;
			}

			@Override
			public void handleFrame(StompHeaders headers, Object payload) {
				received.add((String) payload);
			}

		});
		Awaitility.await().until(() -> {
			alice.send("/chat", path + "-subscribed");
			return received.contains(path + "-subscribed");
		});
		received.clear();
		for (int i = 0; i < UNITS; i++) {
			MixedWork.Unit unit = units.get(i);
			StompHeaders headers = new StompHeaders();
			headers.setDestination("/chat");
			if (unit.tenant() != null) {
				headers.set("tenant", unit.tenant());
			}
			if (i % 5 == 0) {
				headers.set("fails", "true");
			}
			((i % 2 == 0) ? alice : bob).send(headers, unit.id());
		}
		List<String> ids = units.stream().map(MixedWork.Unit::id).toList();
		Awaitility.await().until(() -> received.containsAll(ids));
		alice.disconnect();
		bob.disconnect();
		client.stop();
		return units;
	}

	private static void assertStomp(ServletWebServerApplicationContext application, WebSocketClient webSocketClient,
			String path) throws Exception {
		List<MixedWork.Unit> units = sendStomp(application, webSocketClient, path);

		application.getBean(MixedWork.class).assertSeen(units, (unit) -> {
			int index = units.indexOf(unit);
			String name = (index % 2 == 0) ? "alice/alice" : "bob/bob";
			List<String> lines = new ArrayList<>(
					List.of("preSend " + name + " -", "beforeHandle " + name + " " + unit.expected(),
							"handler " + name + " " + unit.expected() + " " + unit.expected()));
			if (index % 5 == 0) {
				lines.add("failed " + name + " " + unit.expected());
			}
			lines.add("outbound " + name + " " + unit.expected());
			return lines;
		});
		for (String name : List.of("alice", "bob")) {
			awaitSession(application, "connect " + name + " -");
			awaitSession(application, "connecting " + name + "/" + name + " -");
			awaitSession(application, "connected " + name + "/" + name + " -");
			awaitSession(application, "disconnected " + name + "/" + name + " -");
		}
		assertClean(application);
	}

	private static List<MixedWork.Unit> units(String path) {
		return MixedWork.units(UNITS)
			.stream()
			.map((unit) -> new MixedWork.Unit(path + "-" + unit.id(), unit.tenant()))
			.toList();
	}

	private static StompSession connect(ServletWebServerApplicationContext application, WebSocketStompClient client,
			String path, String user) throws Exception {
		StompHeaders connect = new StompHeaders();
		connect.setLogin(user);
		return client.connectAsync(uri(application, path), headers(user), connect, new StompSessionHandlerAdapter() {
		}).get(30, TimeUnit.SECONDS);
	}

	private static void awaitSession(ServletWebServerApplicationContext application, String line) {
		Queue<String> seen = application.getBean(SocketApplication.Sessions.class).seen();
		Awaitility.await().untilAsserted(() -> assertThat(seen).contains(line));
	}

	private static void assertClean(ServletWebServerApplicationContext application) throws Exception {
		ServerThreads.assertClean(application.getWebServer(), THREADS);
	}

	private static SockJsClient sockJs() {
		return new SockJsClient(List.of(new RestTemplateXhrTransport(new RestTemplate())));
	}

	private static URI uri(ServletWebServerApplicationContext application, String path) {
		String scheme = path.endsWith("sockjs") ? "http" : "ws";
		return URI.create(scheme + "://localhost:" + application.getWebServer().getPort() + "/" + path);
	}

	private static WebSocketHttpHeaders headers(String user) {
		WebSocketHttpHeaders headers = new WebSocketHttpHeaders();
		headers.set("X-User", user);
		return headers;
	}

	private static final class RawClient extends TextWebSocketHandler implements AutoCloseable {

		private final Set<String> received = ConcurrentHashMap.newKeySet();

		private final WebSocketSession session;

		RawClient(ServletWebServerApplicationContext application, WebSocketClient client, String path, String user)
				throws Exception {
			this.session = client.execute(this, headers(user), uri(application, path)).get(30, TimeUnit.SECONDS);
		}

		@Override
		protected void handleTextMessage(WebSocketSession session, TextMessage message) {
			this.received.add(message.getPayload());
		}

		void send(String text) throws Exception {
			this.session.sendMessage(new TextMessage(text));
		}

		Set<String> received(int count) {
			Awaitility.await().until(() -> this.received.size() >= count);
			return this.received;
		}

		@Override
		public void close() throws Exception {
			if (this.session.isOpen()) {
				send("bye");
			}
		}

	}

}
