package io.github.contextvars.spring.remote;

import java.net.URI;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

import io.grpc.Metadata;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.transport.SenderContext;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.client.ClientHttpRequest;
import org.springframework.util.ClassUtils;
import org.springframework.util.StringUtils;
import org.springframework.web.reactive.function.client.ClientRequest;
import reactor.netty.http.client.HttpClientRequest;

import io.github.contextvars.spring.work.PropagationSource;

/**
 * {@link ObservationHandler} that adds the values of variables to what is sent: requests
 * of {@code RestClient}, {@code RestTemplate} and {@code WebClient}, calls of gRPC, and
 * messages of Kafka, RabbitMQ and JMS. It is called by the thread that sends, and adds
 * nothing for a destination that is not named. Never throws.
 */
final class RemoteSender implements ObservationHandler<SenderContext<?>>, PropagationSource {

	private static final Log logger = LogFactory.getLog(RemoteSender.class);

	private static final Map<String, String> CARRIERS = Map.of("kafka",
			"org.apache.kafka.clients.producer.ProducerRecord", "rabbit", "org.springframework.amqp.core.Message",
			"jms", "jakarta.jms.Message", "grpc", "io.grpc.Metadata");

	private static final String CLIENT_REQUEST = "org.springframework.http.client.ClientHttpRequest";

	private static final String REACTIVE_REQUEST = "org.springframework.web.reactive.function.client.ClientRequest$Builder";

	private final List<RemoteVariables.RemoteVariable> variables;

	private final boolean baggage;

	private final HostPatterns hosts;

	private final RemoteDrops drops;

	// Those that are named and present.
	private final Map<String, Class<?>> transports = new LinkedHashMap<>();

	private final @Nullable Class<?> clientRequest;

	private final @Nullable Class<?> reactiveRequest;

	private final Set<String> redirecting = ConcurrentHashMap.newKeySet();

	RemoteSender(List<RemoteVariables.RemoteVariable> variables, ContextRemoteConfiguration.Settings settings,
			RemoteDrops drops, @Nullable ClassLoader classLoader) {
		this.variables = variables;
		this.baggage = settings.format() == ContextRemoteConfiguration.Format.BAGGAGE;
		this.hosts = new HostPatterns(RemoteVariables.withoutTransports(settings.sendTo(), CARRIERS.keySet()));
		this.drops = drops;
		new TreeMap<>(CARRIERS).forEach((transport, type) -> {
			if (settings.sendTo().contains(transport) && ClassUtils.isPresent(type, classLoader)) {
				this.transports.put(transport, ClassUtils.resolveClassName(type, classLoader));
			}
		});
		this.clientRequest = find(CLIENT_REQUEST, classLoader);
		this.reactiveRequest = find(REACTIVE_REQUEST, classLoader);
	}

	private static @Nullable Class<?> find(String type, @Nullable ClassLoader classLoader) {
		return ClassUtils.isPresent(type, classLoader) ? ClassUtils.resolveClassName(type, classLoader) : null;
	}

	@Override
	public boolean supportsContext(Observation.Context context) {
		return context instanceof SenderContext<?>;
	}

	@Override
	public void onStart(SenderContext<?> context) {
		try {
			send(context);
		}
		catch (RuntimeException | LinkageError ex) {
			logger.warn("Variables could not be sent with " + context.getClass().getSimpleName(), ex);
		}
	}

	private <C> void send(SenderContext<C> context) {
		C carrier = context.getCarrier();
		if (carrier == null || this.variables.isEmpty()) {
			return;
		}
		if (this.clientRequest != null && this.clientRequest.isInstance(carrier)) {
			HttpRequests.send(this, carrier);
		}
		else if (this.reactiveRequest != null && this.reactiveRequest.isInstance(carrier)) {
			ReactiveRequests.send(this, carrier);
		}
		else {
			this.transports.forEach((transport, type) -> {
				if (type.isInstance(carrier)) {
					addTo(transport, existing(transport, carrier), (name, value) -> context.getSetter()
						.set(carrier, transport.equals("jms") ? RemoteVariables.toProperty(name) : name, value));
				}
			});
		}
	}

	// A message of JMS or RabbitMQ, and baggage that a tracer has set.
	private @Nullable String existing(String transport, Object carrier) {
		if (!this.baggage) {
			return null;
		}
		return switch (transport) {
			case "kafka" -> KafkaRecords.baggage(carrier);
			case "rabbit" -> RabbitMessages.baggage(carrier);
			case "jms" -> JmsMessages.baggage(carrier);
			default -> GrpcCalls.baggage(carrier);
		};
	}

	/**
	 * Add the values of the current context to what is sent.
	 * @param transport how it is sent
	 * @param existing the baggage that it has
	 * @param setter sets a header
	 */
	private void addTo(String transport, @Nullable String existing, BiConsumer<String, String> setter) {
		List<String> members = new ArrayList<>();
		int count = 0;
		int bytes = 0;
		for (RemoteVariables.RemoteVariable variable : this.variables) {
			String value = RemoteVariables.encodedValue(variable);
			if (value == null) {
				continue;
			}
			count++;
			bytes += variable.wireName().length() + value.length();
			if (value.isEmpty() && !"".equals(variable.declaration().currentValue())) {
				this.drops.add(RemoteDrops.Reason.MALFORMED, transport, variable.wireName());
			}
			else if (count > RemoteValues.MAX_VARIABLES || bytes > RemoteValues.MAX_BYTES) {
				this.drops.add(RemoteDrops.Reason.OVER, transport, variable.wireName());
			}
			else if (this.baggage) {
				members.add(variable.wireName() + "=" + value);
			}
			else {
				setter.accept(variable.wireName(), value);
			}
		}
		if (!members.isEmpty()) {
			String own = String.join(",", members);
			String foreign = (existing != null) ? withoutOwn(existing) : "";
			setter.accept(RemoteVariables.BAGGAGE, foreign.isEmpty() ? own : foreign + "," + own);
		}
	}

	// What a tracer has set for another variable stays as it is.
	private String withoutOwn(String existing) {
		List<String> foreign = new ArrayList<>();
		for (String member : StringUtils.delimitedListToStringArray(existing, ",")) {
			String name = member.contains("=") ? member.substring(0, member.indexOf('=')).strip() : member.strip();
			if (!name.isEmpty() && this.variables.stream().noneMatch((own) -> own.wireName().equals(name))) {
				foreign.add(member.strip());
			}
		}
		return String.join(",", foreign);
	}

	private boolean isNamed(@Nullable URI uri) {
		return this.hosts.match(uri);
	}

	private void refuse(String client) {
		this.redirecting.add(client);
		this.drops.add(RemoteDrops.Reason.REDIRECTS, "http", client);
	}

	@Override
	public Stream<Entry> entries() {
		Stream<Entry> sending = this.transports.keySet()
			.stream()
			.map((transport) -> Entry.propagating(transport, "remote", RemoteSender.class, "observation handler"));
		Stream<Entry> refused = this.redirecting.stream()
			.map((client) -> Entry.notPropagating(client, "remote", RemoteSender.class,
					"this client follows redirects by itself, to hosts that 'contextvars.remote.send-to' may not name:"
							+ " it sends no variables",
					"Build it with Spring Boot's builder, or switch its redirects off."));
		return Stream.concat(sending, refused);
	}

	/**
	 * Requests of {@code RestClient} and {@code RestTemplate}.
	 */
	private static final class HttpRequests {

		static void send(RemoteSender sender, Object carrier) {
			ClientHttpRequest request = (ClientHttpRequest) carrier;
			if (!sender.isNamed(request.getURI())) {
				return;
			}
			if (RedirectCheck.follows(request)) {
				sender.refuse(request.getClass().getSimpleName());
				return;
			}
			addTo(sender, request.getHeaders());
		}

		static void addTo(RemoteSender sender, HttpHeaders headers) {
			List<String> existing = headers.getOrDefault(RemoteVariables.BAGGAGE, Collections.emptyList());
			sender.addTo("http", existing.isEmpty() ? null : String.join(",", existing), headers::set);
		}

	}

	/**
	 * Requests of {@code WebClient}. What tells whether a client follows redirects is the
	 * native request, which is made later, maybe on another thread.
	 */
	private static final class ReactiveRequests {

		static void send(RemoteSender sender, Object carrier) {
			ClientRequest.Builder builder = (ClientRequest.Builder) carrier;
			if (!sender.isNamed(builder.build().url())) {
				return;
			}
			Map<String, String> values = new LinkedHashMap<>();
			List<String> existing = builder.build()
				.headers()
				.getOrDefault(RemoteVariables.BAGGAGE, Collections.emptyList());
			sender.addTo("http", existing.isEmpty() ? null : String.join(",", existing), values::put);
			builder.httpRequest((request) -> {
				Object nativeRequest = nativeRequest(request);
				if (follows(nativeRequest)) {
					sender.refuse("WebClient with " + ClassUtils.getShortName(nativeRequest.getClass()));
				}
				else {
					values.forEach(request.getHeaders()::set);
				}
			});
		}

		private static Object nativeRequest(org.springframework.http.client.reactive.ClientHttpRequest request) {
			try {
				return request.getNativeRequest();
			}
			catch (RuntimeException ex) {
				return request;
			}
		}

		private static boolean follows(Object request) {
			try {
				return !(isSafeReactor(request) || isSafeJetty(request));
			}
			catch (LinkageError ex) {
				return true;
			}
		}

		private static boolean isSafeReactor(Object request) {
			return request.getClass().getName().startsWith("reactor.netty.")
					&& request instanceof HttpClientRequest reactor && !reactor.isFollowRedirect();
		}

		private static boolean isSafeJetty(Object request) {
			return request.getClass().getName().startsWith("org.eclipse.jetty.")
					&& request instanceof org.eclipse.jetty.client.Request jetty && !jetty.isFollowRedirects();
		}

	}

	private static final class KafkaRecords {

		static @Nullable String baggage(Object carrier) {
			Header header = ((ProducerRecord<?, ?>) carrier).headers().lastHeader(RemoteVariables.BAGGAGE);
			return (header != null && header.value() != null)
					? new String(header.value(), java.nio.charset.StandardCharsets.UTF_8) : null;
		}

	}

	private static final class RabbitMessages {

		static @Nullable String baggage(Object carrier) {
			Object header = ((org.springframework.amqp.core.Message) carrier).getMessageProperties()
				.getHeader(RemoteVariables.BAGGAGE);
			return (header instanceof String text) ? text : null;
		}

	}

	private static final class JmsMessages {

		static @Nullable String baggage(Object carrier) {
			try {
				return ((jakarta.jms.Message) carrier).getStringProperty(RemoteVariables.BAGGAGE);
			}
			catch (jakarta.jms.JMSException ex) {
				return null;
			}
		}

	}

	private static final class GrpcCalls {

		private static final Metadata.Key<String> BAGGAGE = Metadata.Key.of(RemoteVariables.BAGGAGE,
				Metadata.ASCII_STRING_MARSHALLER);

		static @Nullable String baggage(Object carrier) {
			Iterable<String> values = ((Metadata) carrier).getAll(BAGGAGE);
			if (values == null) {
				return null;
			}
			String joined = String.join(",", values);
			((Metadata) carrier).discardAll(BAGGAGE);
			return joined;
		}

	}

}
