package io.github.contextvars.benchmarks;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.transport.SenderContext;
import io.opentelemetry.api.baggage.Baggage;
import io.opentelemetry.api.baggage.propagation.W3CBaggagePropagator;
import io.opentelemetry.context.propagation.TextMapGetter;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.http.client.observation.ClientRequestObservationContext;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.fill.FilledValues;
import io.github.contextvars.spring.remote.ContextRemoteConfiguration;
import io.github.contextvars.spring.remote.RemoteReceiver;

/**
 * Benchmark of three variables that cross processes with a request: they are written into
 * its headers, and at the other end read from there, set in a new context, and used.
 * Beside it, OpenTelemetry's baggage with the same values. Only this library checks the
 * request's destination and origin, which is part of its figures.
 */
public class RemoteBenchmark extends Timed {

	private static final List<String> NAMES = List.of("tenant", "user", "order");

	private static final List<String> VALUES = List.of("acme", "Zoë Müller", "7f1c9d2e-52a4-4a6b-9d0e-0a4c4f5d7e11");

	@Benchmark
	public HttpHeaders sendHeaders(Sending sending) {
		return sending.headers.send(sending.context);
	}

	@Benchmark
	public HttpHeaders sendBaggage(Sending sending) {
		return sending.baggage.send(sending.context);
	}

	@Benchmark
	public HttpHeaders sendOpenTelemetry(Sending sending) {
		HttpHeaders headers = sending.context.getCarrier().getHeaders();
		headers.clear();
		W3CBaggagePropagator.getInstance()
			.inject(io.opentelemetry.context.Context.current(), headers, HttpHeaders::set);
		return headers;
	}

	@Benchmark
	public List<String> receiveHeaders(Receiving receiving) {
		return receiving.headers.receive(receiving.withHeaders);
	}

	@Benchmark
	public List<String> receiveBaggage(Receiving receiving) {
		return receiving.baggage.receive(receiving.withBaggage);
	}

	@Benchmark
	public List<String> receiveOpenTelemetry(Receiving receiving) {
		try (io.opentelemetry.context.Scope scope = W3CBaggagePropagator.getInstance()
			.extract(io.opentelemetry.context.Context.current(), receiving.withOpenTelemetry, Getter.INSTANCE)
			.makeCurrent()) {
			Baggage baggage = Baggage.current();
			return List.of(baggage.getEntryValue("tenant"), baggage.getEntryValue("user"),
					baggage.getEntryValue("order"));
		}
	}

	/**
	 * A thread that is in a context, and a request that it is about to send.
	 */
	@State(Scope.Thread)
	public static class Sending {

		private Remote headers;

		private Remote baggage;

		private ClientRequestObservationContext context;

		private Context.Scope scope;

		private io.opentelemetry.context.Scope openTelemetryScope;

		@Setup(Level.Trial)
		@SuppressWarnings("MustBeClosedChecker") // until the end of the trial
		public void setUp() throws IOException {
			this.headers = new Remote(ContextRemoteConfiguration.Format.HEADERS);
			this.baggage = new Remote(ContextRemoteConfiguration.Format.BAGGAGE);
			HttpClient client = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).build();
			this.context = new ClientRequestObservationContext(new JdkClientHttpRequestFactory(client)
				.createRequest(URI.create("http://orders:8080/orders/7"), HttpMethod.GET));
			this.scope = new Context().enter();
			Variables.TENANT.set(VALUES.get(0));
			Variables.USER.set(VALUES.get(1));
			Variables.ORDER.set(VALUES.get(2));
			this.openTelemetryScope = Baggage.builder()
				.put(NAMES.get(0), VALUES.get(0))
				.put(NAMES.get(1), VALUES.get(1))
				.put(NAMES.get(2), VALUES.get(2))
				.build()
				.makeCurrent();
		}

		@TearDown(Level.Trial)
		public void tearDown() {
			this.openTelemetryScope.close();
			this.scope.close();
			this.baggage.application.close();
			this.headers.application.close();
		}

	}

	/**
	 * A thread that is in no context, and what it has received.
	 */
	@State(Scope.Thread)
	public static class Receiving {

		private Remote headers;

		private Remote baggage;

		private HttpHeaders withHeaders;

		private HttpHeaders withBaggage;

		private HttpHeaders withOpenTelemetry;

		@Setup(Level.Trial)
		public void setUp() throws IOException {
			RemoteBenchmark benchmark = new RemoteBenchmark();
			Sending sending = new Sending();
			sending.setUp();
			this.withHeaders = HttpHeaders.copyOf(benchmark.sendHeaders(sending));
			this.withBaggage = HttpHeaders.copyOf(benchmark.sendBaggage(sending));
			this.withOpenTelemetry = HttpHeaders.copyOf(benchmark.sendOpenTelemetry(sending));
			sending.tearDown();
			this.headers = new Remote(ContextRemoteConfiguration.Format.HEADERS);
			this.baggage = new Remote(ContextRemoteConfiguration.Format.BAGGAGE);
			for (List<String> received : List.of(benchmark.receiveHeaders(this), benchmark.receiveBaggage(this),
					benchmark.receiveOpenTelemetry(this))) {
				if (!received.equals(VALUES)) {
					throw new IllegalStateException("received " + received);
				}
			}
		}

		@TearDown(Level.Trial)
		public void tearDown() {
			this.baggage.application.close();
			this.headers.application.close();
		}

	}

	/**
	 * An application that sends and receives the variables.
	 */
	private static final class Remote {

		private final AnnotationConfigApplicationContext application = new AnnotationConfigApplicationContext();

		private final ObservationHandler<SenderContext<?>> sender;

		private final RemoteReceiver receiver;

		@SuppressWarnings("unchecked")
		private Remote(ContextRemoteConfiguration.Format format) {
			Set<String> names = new LinkedHashSet<>(NAMES);
			this.application.registerBean(ContextRemoteConfiguration.Settings.class,
					() -> new ContextRemoteConfiguration.Settings(names, Set.of("orders"), names, Set.of("10.0.0.0/8"),
							format, false));
			this.application.register(Variables.class, ContextRemoteConfiguration.class);
			this.application.refresh();
			this.sender = this.application.getBean(ObservationHandler.class);
			this.receiver = this.application.getBean(RemoteReceiver.class);
		}

		private HttpHeaders send(ClientRequestObservationContext context) {
			HttpHeaders headers = context.getCarrier().getHeaders();
			headers.clear();
			this.sender.onStart(context);
			return headers;
		}

		private List<String> receive(HttpHeaders headers) {
			return new Context().call(() -> {
				this.receiver.receive("http", RemoteReceiver.parseAddress("10.1.2.3"), headers,
						(name) -> headers.getOrDefault(name, List.of()), new FilledValues());
				return List.of(Variables.TENANT.get(), Variables.USER.get(), Variables.ORDER.get());
			});
		}

	}

	private static final class Variables {

		@ContextVariable(header = "X-Tenant")
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@ContextVariable(header = "X-User")
		static final ContextVar<String> USER = ContextVar.of("user");

		@ContextVariable(header = "X-Order")
		static final ContextVar<String> ORDER = ContextVar.of("order");

	}

	private static final class Getter implements TextMapGetter<HttpHeaders> {

		private static final Getter INSTANCE = new Getter();

		@Override
		public Iterable<String> keys(HttpHeaders headers) {
			return headers.headerNames();
		}

		@Override
		public String get(HttpHeaders headers, String name) {
			return headers.getFirst(name);
		}

	}

}
