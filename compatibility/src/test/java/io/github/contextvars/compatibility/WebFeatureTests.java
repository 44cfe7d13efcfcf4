package io.github.contextvars.compatibility;

import java.lang.reflect.Type;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.micrometer.core.instrument.MeterRegistry;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.messaging.converter.StringMessageConverter;
import org.springframework.messaging.simp.stomp.StompFrameHandler;
import org.springframework.messaging.simp.stomp.StompHeaders;
import org.springframework.messaging.simp.stomp.StompSession;
import org.springframework.messaging.simp.stomp.StompSessionHandlerAdapter;
import org.springframework.web.socket.WebSocketHttpHeaders;
import org.springframework.web.socket.client.standard.StandardWebSocketClient;
import org.springframework.web.socket.messaging.WebSocketStompClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What else the library does in a servlet application.
 */
@WebTest
class WebFeatureTests {

	@LocalServerPort
	private int port;

	private Client client;

	@BeforeEach
	void setUp() {
		this.client = new Client(this.port);
	}

	@Test
	void frameOfStompSeesTenantOfItsSession() throws Exception {
		WebSocketHttpHeaders handshake = new WebSocketHttpHeaders();
		handshake.set("X-Tenant", "acme");
		WebSocketStompClient stomp = new WebSocketStompClient(new StandardWebSocketClient());
		stomp.setMessageConverter(new StringMessageConverter());
		CompletableFuture<Object> tenant = new CompletableFuture<>();
		StompSession session = stomp
			.connectAsync("ws://localhost:" + this.port + "/stomp", handshake, new StompSessionHandlerAdapter() {
			})
			.get(10, TimeUnit.SECONDS);

		session.subscribe("/app/tenant", new StompFrameHandler() {

			@Override
			public Type getPayloadType(StompHeaders headers) {
				return String.class;
			}

			@Override
			public void handleFrame(StompHeaders headers, Object payload) {
				tenant.complete(payload);
			}

		});

		assertThat(tenant.get(10, TimeUnit.SECONDS)).isEqualTo("acme");
		session.disconnect();
	}

	@Test
	void dataFetchersOfGraphQlSeeTenant() {
		assertThat(this.client.post("/graphql", "{\"query\": \"{ tenant tenantOnOtherThread }\"}", "X-Tenant", "acme"))
			.contains("\"tenant\":\"acme\"", "\"tenantOnOtherThread\":\"acme\"");
	}

	@Test
	void endpointListsVariablesAndUnitsOfWork() {
		assertThat(this.client.get("/actuator/contextvars", "X-Tenant", "acme")).contains("\"name\":\"tenant\"",
				"GET /actuator/contextvars", "\"acme\"");
	}

	@Test
	void reportNamesWhatPropagates() {
		String report = this.client.get("/actuator/contextvars");

		assertThat(report).contains("\"name\":\"requests\"", "\"name\":\"applicationTaskExecutor\"",
				"\"name\":\"taskScheduler\"", "\"name\":\"reports\"");
		assertThat(report).containsPattern("\"name\":\"kafkaQuestions\"[^}]*\"propagates\":true")
			.containsPattern("\"name\":\"rabbitQuestions\"[^}]*\"propagates\":true");
	}

	@Test
	void metersCountContexts(@Autowired MeterRegistry meters) {
		this.client.get("/request");

		assertThat(meters.get("contextvars.contexts.entered").tag("kind", "request").functionCounter().count())
			.isPositive();
	}

	@Test
	void observationOfRequestHasTenant() {
		this.client.get("/request", "X-Tenant", "observed");

		await().untilAsserted(() -> assertThat(WebApplication.OBSERVED).contains("observed"));
	}

	@Test
	void logEventHasTenant() {
		Logger logger = (Logger) LoggerFactory.getLogger(WebApplication.class);
		ListAppender<ILoggingEvent> appender = new ListAppender<>();
		appender.start();
		logger.addAppender(appender);

		this.client.get("/log", "X-Tenant", "acme");

		logger.detachAppender(appender);
		assertThat(appender.list).singleElement()
			.satisfies((event) -> assertThat(event.getMDCPropertyMap()).containsEntry("tenant", "acme"));
	}

}
