package io.github.contextvars.spring.web.socket;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Hashtable;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import javax.naming.InitialContext;
import javax.naming.NameNotFoundException;
import javax.naming.NamingException;
import javax.naming.spi.InitialContextFactory;

import jakarta.annotation.PostConstruct;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.HandshakeResponse;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnError;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.Session;
import jakarta.websocket.server.HandshakeRequest;
import jakarta.websocket.server.PathParam;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpoint;
import jakarta.websocket.server.ServerEndpointConfig;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.socket.server.standard.ServerEndpointExporter;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.ServerThreads;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Each session of a {@code @ServerEndpoint} bean begins as a copy of its handshake
 * request's context, and each of its messages as a copy of the session's.
 */
@ParameterizedClass
@ValueSource(strings = { "tomcat", "jetty" })
class ServerEndpointTests {

	private static ServletWebServerApplicationContext application;

	@Parameter
	private String server;

	@BeforeParameterizedClassInvocation
	static void start(String server) {
		application = WebSocketPropagationTests.start(EndpointApplication.class, server);
	}

	@AfterParameterizedClassInvocation
	static void stop() {
		application.close();
	}

	@AfterEach
	void threadsAreClean() throws Exception {
		ServerThreads.assertClean(application.getWebServer(), 4);
	}

	@Test
	void messagesOfSessionsAreSeparate() throws Exception {
		try (Client acme = connect("/endpoint/1", "acme");
				Client other = connect("/endpoint/2", null);
				Client another = connect("/endpoint/3", null)) {
			List<Client> clients = List.of(acme, other, another);
			for (int i = 0; i < 80; i++) {
				for (Client client : clients) {
					client.socket.sendText("message", true).get(30, TimeUnit.SECONDS);
				}
			}
			for (int i = 0; i < 80; i++) {
				assertThat(acme.next()).isEqualTo("1: acme, opened by acme");
				assertThat(other.next()).isEqualTo("2: -, opened by -");
				assertThat(another.next()).isEqualTo("3: -, opened by -");
			}
		}
		assertThat(Stream.of(closed(), closed(), closed())).containsExactlyInAnyOrder("1 closed: acme, opened by acme",
				"2 closed: -, opened by -", "3 closed: -, opened by -");
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21)
	void sessionsOnVirtualThreadsAreSeparate() throws Exception {
		ServletWebServerApplicationContext platform = application;
		application = WebSocketPropagationTests.start(EndpointApplication.class, this.server,
				"spring.threads.virtual.enabled=true");
		try {
			messagesOfSessionsAreSeparate();
			threadsAreClean();
		}
		finally {
			application.close();
			application = platform;
		}
	}

	@Test
	void messageThatFailsIsHandledInACopyAndLeavesNothing() throws Exception {
		try (Client acme = connect("/endpoint/4", "acme"); Client other = connect("/endpoint/5", null)) {
			acme.socket.sendText("fail", true).get(30, TimeUnit.SECONDS);
			assertThat(acme.next()).isEqualTo("4 failed: acme, opened by acme");
			other.socket.sendText("message", true).get(30, TimeUnit.SECONDS);
			assertThat(other.next()).isEqualTo("5: -, opened by -");
		}
		assertThat(Stream.of(closed(), closed())).containsExactlyInAnyOrder("4 closed: acme, opened by acme",
				"5 closed: -, opened by -");
	}

	@Test
	void beginningThatFailsLeavesNothing() throws Exception {
		for (String tenant : Arrays.asList("acme", null)) {
			connect("/failing", tenant).close();
			assertThat(FailingEndpoint.FAILED.poll(30, TimeUnit.SECONDS)).isEqualTo((tenant != null) ? tenant : "-");
		}
	}

	@Test
	void sessionIsListedUntilItIsClosed() throws Exception {
		try (Client client = connect("/configured", "acme")) {
			client.next();
			assertThat(sessions()).contains("WebSocket /configured");
		}
		Awaitility.await().untilAsserted(() -> assertThat(sessions()).doesNotContain("WebSocket /configured"));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			/final         | FinalEndpoint         | its class is final
			/final-method  | FinalMethodEndpoint   | its method 'open' is final or static
			/sealed        | SealedEndpoint        | its class cannot have a subclass
			""")
	void endpointThatCannotBeProxiedWorksAndIsNamed(String path, String type, String reason) throws Exception {
		try (Client client = connect(path, "acme")) {
			assertThat(client.next()).isEqualTo("opened");
		}
		assertThat(entries()).filteredOn((entry) -> entry.name().endsWith("$" + type))
			.singleElement()
			.satisfies((entry) -> assertThat(entry.reason()).isEqualTo(reason));
	}

	@Test
	void endpointInAnotherContainerIsLeftAloneAndNamed() throws Exception {
		List<Object> registered = new ArrayList<>();
		ServerContainer container = (ServerContainer) Proxy.newProxyInstance(getClass().getClassLoader(),
				new Class<?>[] { ServerContainer.class }, (proxy, method, arguments) -> {
					registered.add(arguments[0]);
					return null;
				});
		ServerEndpointExporter exporter = new ServerEndpointExporter();
		exporter.setServerContainer(container);
		exporter.setAnnotatedEndpointClasses(TenantEndpoint.class);
		ServerEndpointContextBeanPostProcessor processor = new ServerEndpointContextBeanPostProcessor(
				WorkRegistry::nonTracking);
		processor.postProcessAfterInitialization(exporter, "exporter");
		exporter.afterSingletonsInstantiated();

		assertThat(registered).containsExactly(TenantEndpoint.class);
		assertThat(processor.entries()).singleElement()
			.satisfies((entry) -> assertThat(entry.reason()).isEqualTo("its container is neither Tomcat nor Jetty"));
	}

	@Test
	void endpointThatTomcatPreparesIsLeftAloneAndNamed() {
		System.setProperty(javax.naming.Context.INITIAL_CONTEXT_FACTORY, NoNames.class.getName());
		try (ServletWebServerApplicationContext prepared = WebSocketPropagationTests.start(PreparedApplication.class,
				this.server)) {
			assertThat(entries(prepared)).singleElement()
				.satisfies((entry) -> assertThat(entry.reason()).isEqualTo((this.server.equals("tomcat"))
						? "Tomcat injects or calls its member 'prepare', which a proxy hides" : null));
		}
		finally {
			System.clearProperty(javax.naming.Context.INITIAL_CONTEXT_FACTORY);
		}
	}

	@Test
	void classOfProxiesIsGeneratedOnce() {
		assertThat(new EndpointProxyClass(TenantEndpoint.class, "/endpoint/{number}").proxyClass())
			.isSameAs(new EndpointProxyClass(TenantEndpoint.class, "/endpoint/{number}").proxyClass());
	}

	@Test
	void configuratorOfTheApplicationIsAsked() throws Exception {
		try (Client client = connect("/configured", "acme")) {
			assertThat(client.next()).isEqualTo("modified acme");
		}
		assertThat(entries()).filteredOn((entry) -> entry.name().equals(ConfiguredEndpoint.class.getName()))
			.singleElement()
			.satisfies((entry) -> assertThat(entry.propagates()).isTrue());
	}

	@Test
	void endpointIsReported() {
		assertThat(entries()).filteredOn((entry) -> entry.name().equals(TenantEndpoint.class.getName()))
			.singleElement()
			.satisfies((entry) -> assertThat(entry.propagates()).isTrue());
	}

	@Test
	void containerCanBeWrappedInNativeImages() {
		RuntimeHints hints = new RuntimeHints();
		new ContextWebSocketConfiguration.ServerEndpoints.Hints().registerHints(hints, null);

		assertThat(RuntimeHintsPredicates.reflection().onFieldAccess(ServerEndpointExporter.class, "serverContainer"))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.proxies()
			.forInterfaces(AopProxyUtils.completeJdkProxyInterfaces(ServerContainer.class))).accepts(hints);
	}

	private static Stream<PropagationSource.Entry> entries() {
		return entries(application);
	}

	private static Stream<PropagationSource.Entry> entries(ServletWebServerApplicationContext application) {
		return application.getBeanProvider(PropagationSource.class)
			.stream()
			.flatMap(PropagationSource::entries)
			.filter((entry) -> entry.category().equals("endpoint"));
	}

	private static Stream<String> sessions() {
		return application.getBean(WorkRegistry.class)
			.list()
			.stream()
			.filter((unit) -> unit.kind() == UnitOfWork.Kind.SESSION)
			.map(UnitOfWork::origin);
	}

	private static String closed() throws InterruptedException {
		return TenantEndpoint.CLOSED.poll(30, TimeUnit.SECONDS);
	}

	private static Client connect(String path, @Nullable String tenant) {
		Client client = new Client();
		WebSocket.Builder builder = HttpClient.newHttpClient().newWebSocketBuilder().subprotocols("chat");
		if (tenant != null) {
			builder.header("X-Tenant", tenant);
		}
		client.socket = builder
			.buildAsync(URI.create("ws://localhost:" + application.getWebServer().getPort() + path), client)
			.join();
		return client;
	}

	private static final class Client implements WebSocket.Listener, AutoCloseable {

		private final BlockingQueue<String> received = new LinkedBlockingQueue<>();

		private WebSocket socket;

		@Override
		public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
			this.received.add(text.toString());
			socket.request(1);
			return null;
		}

		String next() throws InterruptedException {
			return this.received.poll(30, TimeUnit.SECONDS);
		}

		@Override
		public void close() throws Exception {
			// The server may have closed it.
			this.socket.sendClose(WebSocket.NORMAL_CLOSURE, "")
				.exceptionally((ex) -> this.socket)
				.get(30, TimeUnit.SECONDS);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class EndpointApplication {

		@ContextVariable(description = "Whose session it is")
		static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

		@ContextVariable(description = "Set when the session is opened")
		static final ContextVar<String> OPENED = ContextVar.of("opened", "-");

		@Bean
		Filter tenantFilter() {
			return (request, response, chain) -> {
				String tenant = ((HttpServletRequest) request).getHeader("X-Tenant");
				if (tenant != null) {
					TENANT.set(tenant);
				}
				chain.doFilter(request, response);
				if (((HttpServletRequest) request).getRequestURI().equals("/configured")) {
					System.gc(); // what the session needs is kept
				}
			};
		}

		@Bean
		ServerEndpointExporter exporter() {
			return new ServerEndpointExporter();
		}

		@Bean
		TenantEndpoint tenantEndpoint() {
			return new TenantEndpoint();
		}

		@Bean
		ConfiguredEndpoint configuredEndpoint() {
			return new ConfiguredEndpoint();
		}

		@Bean
		FailingEndpoint failingEndpoint() {
			return new FailingEndpoint();
		}

		@Bean
		FinalEndpoint finalEndpoint() {
			return new FinalEndpoint();
		}

		@Bean
		FinalMethodEndpoint finalMethodEndpoint() {
			return new FinalMethodEndpoint();
		}

		@Bean
		SealedEndpoint sealedEndpoint() {
			return new SealedEndpoint();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class PreparedApplication {

		@Bean
		ServerEndpointExporter exporter() {
			return new ServerEndpointExporter();
		}

		@Bean
		PreparedEndpoint preparedEndpoint() {
			return new PreparedEndpoint();
		}

	}

	/**
	 * {@link InitialContextFactory} without names, which shows that there is JNDI.
	 */
	public static final class NoNames implements InitialContextFactory {

		@Override
		public javax.naming.Context getInitialContext(Hashtable<?, ?> environment) throws NamingException {
			return new InitialContext(true) {

				@Override
				public Hashtable<?, ?> getEnvironment() {
					return environment;
				}

				@Override
				public Object lookup(String name) throws NamingException {
					throw new NameNotFoundException(name);
				}

			};
		}

	}

	/**
	 * Configurator that hands out the bean.
	 */
	public static class EndpointConfigurator extends ServerEndpointConfig.Configurator {

		@Override
		public void modifyHandshake(ServerEndpointConfig config, HandshakeRequest request, HandshakeResponse response) {
			config.getUserProperties().put("modified", "modified");
		}

		@Override
		public <T> T getEndpointInstance(Class<T> type) {
			return application.getBean(type);
		}

	}

	@ServerEndpoint(value = "/configured", subprotocols = "chat", configurator = EndpointConfigurator.class)
	public static class ConfiguredEndpoint {

		@OnOpen
		public void open(Session session, EndpointConfig config) throws IOException {
			session.getBasicRemote()
				.sendText(config.getUserProperties().get("modified") + " " + EndpointApplication.TENANT.get());
		}

	}

	/**
	 * Class that has a method of endpoints.
	 */
	public static class BaseEndpoint {

		static final BlockingQueue<String> CLOSED = new LinkedBlockingQueue<>();

		@OnClose
		public void close(@PathParam("number") String number) {
			CLOSED.add(number + " closed: " + seen());
		}

		static String seen() {
			return EndpointApplication.TENANT.get() + ", " + EndpointApplication.OPENED.get();
		}

	}

	@ServerEndpoint(value = "/endpoint/{number}", subprotocols = "chat")
	public static class TenantEndpoint extends BaseEndpoint {

		private final String creator = EndpointApplication.TENANT.get();

		@OnOpen
		public void open(Session session) {
			assertThat(session.getNegotiatedSubprotocol()).isEqualTo("chat");
			assertThat(this.creator).isEqualTo(EndpointApplication.TENANT.get());
			EndpointApplication.OPENED.set("opened by " + this.creator);
		}

		@OnMessage
		public String message(String text, @PathParam("number") String number) {
			if (text.equals("fail")) {
				throw new IllegalStateException("planned");
			}
			String seen = number + ": " + seen();
			EndpointApplication.TENANT.set("left behind");
			return seen;
		}

		@OnError
		public void error(Session session, Throwable failure, @PathParam("number") String number) throws IOException {
			session.getBasicRemote().sendText(number + " failed: " + seen());
		}

	}

	@ServerEndpoint("/prepared")
	public static class PreparedEndpoint {

		@PostConstruct
		private void prepare() {
		}

		@OnOpen
		public void open() {
		}

	}

	@ServerEndpoint(value = "/failing", subprotocols = "chat", configurator = EndpointConfigurator.class)
	public static class FailingEndpoint {

		static final BlockingQueue<String> FAILED = new LinkedBlockingQueue<>();

		@OnOpen
		public void open() {
			throw new IllegalStateException("planned");
		}

		@OnError
		public void error(Throwable failure) {
			FAILED.add(EndpointApplication.TENANT.get());
		}

	}

	@ServerEndpoint(value = "/final", subprotocols = "chat")
	public static final class FinalEndpoint {

		@OnOpen
		public void open(Session session) throws IOException {
			session.getBasicRemote().sendText("opened");
		}

	}

	@ServerEndpoint(value = "/final-method", subprotocols = "chat")
	public static class FinalMethodEndpoint {

		@OnOpen
		public final void open(Session session) throws IOException {
			session.getBasicRemote().sendText("opened");
		}

	}

	@ServerEndpoint(value = "/sealed", subprotocols = "chat")
	public static sealed class SealedEndpoint {

		@OnOpen
		public void open(Session session) throws IOException {
			session.getBasicRemote().sendText("opened");
		}

	}

	private static final class PermittedEndpoint extends SealedEndpoint {

	}

}
