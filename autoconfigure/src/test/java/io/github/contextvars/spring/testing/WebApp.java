package io.github.contextvars.spring.testing;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.springframework.boot.Banner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.tomcat.ConfigurableTomcatWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.http.client.ReactorResourceFactory;
import reactor.netty.http.server.HttpServerState;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An application on a real Tomcat or Netty and a random port, with a sentinel outside of
 * all filters.
 */
public final class WebApp implements AutoCloseable {

	private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

	private final SentinelValve sentinel = new SentinelValve();

	private final ConfigurableApplicationContext context;

	private WebApp(Class<?> configuration, String... properties) {
		SpringApplication application = new SpringApplication(configuration);
		application.setBannerMode(Banner.Mode.OFF);
		application.setLogStartupInfo(false);
		application.addInitializers((context) -> initialize((GenericApplicationContext) context, this.sentinel));
		Map<String, Object> defaults = new LinkedHashMap<>();
		defaults.put("server.port", "0");
		for (String property : properties) {
			String[] pair = property.split("=", 2);
			defaults.put(pair[0], pair[1]);
		}
		application.setDefaultProperties(defaults);
		SharedAccessor.acquire();
		try {
			this.context = application.run();
		}
		catch (Throwable ex) {
			SharedAccessor.release();
			throw ex;
		}
	}

	private static void initialize(GenericApplicationContext context, SentinelValve sentinel) {
		context.registerBean("sentinel", SentinelCustomizer.class, () -> new SentinelCustomizer(sentinel));
		context.registerBean("nettySentinel", NettySentinelCustomizer.class,
				() -> new NettySentinelCustomizer(sentinel));
		// The global ones end with the first application that ends.
		context.registerBean("reactorResourceFactory", ReactorResourceFactory.class, () -> {
			ReactorResourceFactory resources = new ReactorResourceFactory();
			resources.setUseGlobalResources(false);
			resources.setShutdownQuietPeriod(Duration.ZERO);
			return resources;
		});
	}

	public static WebApp start(Class<?> configuration, String... properties) {
		return new WebApp(configuration, properties);
	}

	public int port() {
		return this.context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
	}

	public int managementPort() {
		return this.context.getEnvironment().getRequiredProperty("local.management.port", Integer.class);
	}

	public <T> T bean(Class<T> type) {
		return this.context.getBean(type);
	}

	public <T> Stream<T> beans(Class<T> type) {
		return this.context.getBeanProvider(type).stream();
	}

	public HttpResponse<String> get(String path, String... headers) {
		return get(port(), path, headers);
	}

	public HttpResponse<String> get(int port, String path, String... headers) {
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
			.timeout(Duration.ofSeconds(30));
		if (headers.length > 0) {
			request.headers(headers);
		}
		try {
			return this.client.send(request.build(), HttpResponse.BodyHandlers.ofString());
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Wait until no thread is inside, then assert that none came or went with a context.
	 */
	public void assertClean() {
		awaitQuiet();
		assertThat(this.sentinel.entries).hasPositiveValue();
		assertThat(this.sentinel.dirty).isEmpty();
	}

	/**
	 * What the sentinel has caught, for tests that expect it.
	 */
	public List<String> takeDirty() {
		awaitQuiet();
		List<String> dirty = Arrays.asList(this.sentinel.dirty.toArray(String[]::new));
		this.sentinel.dirty.clear();
		return dirty;
	}

	private void awaitQuiet() {
		Awaitility.await().until(() -> this.sentinel.entries.get() == this.sentinel.exits.get());
	}

	@Override
	public void close() {
		if (this.context.isActive()) {
			try {
				this.context.close();
			}
			finally {
				SharedAccessor.release();
			}
		}
	}

	private record SentinelCustomizer(
			SentinelValve valve) implements WebServerFactoryCustomizer<ConfigurableTomcatWebServerFactory> {

		@Override
		public void customize(ConfigurableTomcatWebServerFactory factory) {
			factory.addEngineValves(this.valve);
		}

	}

	private record NettySentinelCustomizer(
			SentinelValve valve) implements WebServerFactoryCustomizer<NettyReactiveWebServerFactory> {

		@Override
		public void customize(NettyReactiveWebServerFactory factory) {
			factory.addServerCustomizers((server) -> server.childObserve((connection, state) -> {
				if (state == HttpServerState.REQUEST_RECEIVED) {
					this.valve.observe(connection);
				}
			}));
		}

	}

}
