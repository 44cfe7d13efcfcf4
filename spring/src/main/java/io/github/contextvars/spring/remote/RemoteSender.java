package io.github.contextvars.spring.remote;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
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

import io.github.contextvars.spring.fill.HttpHeaderValues;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link ObservationHandler} that adds the values of variables to what is sent: requests
 * of {@code RestClient} and {@code RestTemplate}, calls of gRPC, and messages of Kafka,
 * RabbitMQ and JMS. It is called by the thread that sends, and adds nothing for a
 * destination that is not named. Never throws.
 */
final class RemoteSender implements ObservationHandler<SenderContext<?>>, PropagationSource {

	private static final Log logger = LogFactory.getLog(RemoteSender.class);

	private static final Map<String, String> CARRIERS = Map.of("kafka",
			"org.apache.kafka.clients.producer.ProducerRecord", "rabbit", "org.springframework.amqp.core.Message",
			"jms", "jakarta.jms.Message", "grpc", "io.grpc.Metadata");

	// Enough for most baggage.
	private static final int CAPACITY = 128;

	/**
	 * What to do about a client of Spring's that follows redirects.
	 */
	static final String SWITCH_OFF = "Build it with Spring Boot's builder, or switch its redirects off.";

	private static final String CLIENT_REQUEST = "org.springframework.http.client.ClientHttpRequest";

	private final List<RemoteVariables.RemoteVariable> variables;

	private final boolean baggage;

	private final boolean parent;

	private final Supplier<WorkRegistry> workRegistry;

	private final HostPatterns hosts;

	private final RemoteDrops drops;

	// Those that are named and present.
	private final Map<String, Class<?>> transports = new LinkedHashMap<>();

	private final @Nullable Class<?> clientRequest;

	// With what to do.
	private final Map<String, String> redirecting = new ConcurrentHashMap<>();

	RemoteSender(List<RemoteVariables.RemoteVariable> variables, ContextRemoteConfiguration.Settings settings,
			Supplier<WorkRegistry> workRegistry, RemoteDrops drops, @Nullable ClassLoader classLoader) {
		this.variables = variables;
		this.baggage = settings.format() == ContextRemoteConfiguration.Format.BAGGAGE;
		this.parent = settings.parent();
		this.workRegistry = workRegistry;
		this.hosts = new HostPatterns(RemoteVariables.withoutTransports(settings.sendTo(), CARRIERS.keySet()));
		this.drops = drops;
		new TreeMap<>(CARRIERS).forEach((transport, type) -> {
			if (settings.sendTo().contains(transport) && ClassUtils.isPresent(type, classLoader)) {
				this.transports.put(transport, ClassUtils.resolveClassName(type, classLoader));
			}
		});
		this.clientRequest = find(CLIENT_REQUEST, classLoader);
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
		if (carrier == null || (this.variables.isEmpty() && !this.parent)) {
			return;
		}
		if (this.clientRequest != null && this.clientRequest.isInstance(carrier)) {
			HttpRequests.send(this, carrier);
		}
		else {
			this.transports.forEach((transport, type) -> {
				if (type.isInstance(carrier)) {
					addTo(transport, (name) -> header(transport, carrier, name), (name, value) -> context.getSetter()
						.set(carrier, transport.equals("jms") ? RemoteVariables.toProperty(name) : name, value));
				}
			});
		}
	}

	private static @Nullable String header(String transport, Object carrier, String name) {
		return switch (transport) {
			case "kafka" -> KafkaRecords.header(carrier, name);
			case "rabbit" -> RabbitMessages.header(carrier, name);
			case "jms" -> JmsMessages.header(carrier, name);
			default -> GrpcCalls.header(carrier, name);
		};
	}

	/**
	 * Add the values of the current context to what is sent, and the id of the unit of
	 * work. Headers that the application has set stay, but for that of the id, which it
	 * can only have copied from what it has received.
	 * @param transport how it is sent
	 * @param existing finds a header that it has
	 * @param setter sets a header
	 */
	void addTo(String transport, Function<String, @Nullable String> existing, BiConsumer<String, String> setter) {
		String present = this.baggage ? existing.apply(RemoteVariables.BAGGAGE) : null;
		StringBuilder members = (present != null) ? withoutOwn(present)
				: new StringBuilder(this.baggage ? CAPACITY : 0);
		int count = 0;
		int bytes = 0;
		// Behind the variables is the id, as it is to be the first to exceed the limits.
		for (int i = 0; i <= this.variables.size(); i++) {
			boolean last = i == this.variables.size();
			String name = last ? RemoteVariables.UNIT : this.variables.get(i).wireName();
			String value = last ? unitId() : value(this.variables.get(i), transport);
			if (value == null) {
				continue;
			}
			count++;
			bytes += name.length() + value.length();
			if (count > RemoteValues.MAX_VARIABLES || bytes > RemoteValues.MAX_BYTES) {
				this.drops.add(RemoteDrops.Reason.OVER, transport, name);
			}
			else if (this.baggage) {
				append(members, name).append('=').append(value);
			}
			else if (existing.apply(name) == null || name.equals(RemoteVariables.UNIT)) {
				setter.accept(name, value);
			}
		}
		String all = members.toString();
		if (this.baggage && !all.equals((present != null) ? present : "")) {
			setter.accept(RemoteVariables.BAGGAGE, all);
		}
	}

	private @Nullable String value(RemoteVariables.RemoteVariable variable, String transport) {
		String value = RemoteVariables.encodedValue(variable);
		if (value != null && value.isEmpty() && !"".equals(variable.declaration().currentValue())) {
			this.drops.add(RemoteDrops.Reason.MALFORMED, transport, variable.wireName());
			return null;
		}
		return value;
	}

	private @Nullable String unitId() {
		UnitOfWork unit = this.parent ? this.workRegistry.get().current() : null;
		return (unit != null) ? unit.obtainRemoteId() : null;
	}

	// What a tracer has set for another member stays as it is. A tracer may also pass on
	// what a stranger has sent under the name of a variable, and the next process would
	// trust this one.
	private StringBuilder withoutOwn(String present) {
		StringBuilder foreign = new StringBuilder(CAPACITY);
		for (String member : StringUtils.delimitedListToStringArray(present, ",")) {
			String name = member.contains("=") ? member.substring(0, member.indexOf('=')).strip() : member.strip();
			if (!name.isEmpty() && !isOwn(name)) {
				append(foreign, member.strip());
			}
		}
		return foreign;
	}

	private boolean isOwn(String member) {
		return (this.parent && member.equals(RemoteVariables.UNIT))
				|| this.variables.stream().anyMatch((own) -> own.wireName().equals(member));
	}

	private static StringBuilder append(StringBuilder members, String text) {
		return members.append(members.isEmpty() ? "" : ",").append(text);
	}

	/**
	 * Return whether values are sent to a host.
	 * @param uri the address of a request
	 * @return whether its host is named
	 */
	boolean isNamed(@Nullable URI uri) {
		return this.hosts.match(uri);
	}

	/**
	 * Count and report a client that follows redirects.
	 * @param client its name
	 * @param remedy what to do
	 */
	void refuse(String client, String remedy) {
		this.redirecting.put(client, remedy);
		this.drops.add(RemoteDrops.Reason.REDIRECTS, "http", client);
	}

	@Override
	public Stream<Entry> entries() {
		return this.redirecting.entrySet()
			.stream()
			.map((client) -> Entry.notPropagating(client.getKey(), "remote", RemoteSender.class,
					"this client follows redirects by itself, to hosts that 'contextvars.remote.send-to' may not name:"
							+ " it sends no variables",
					client.getValue()));
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
				sender.refuse(request.getClass().getSimpleName(), SWITCH_OFF);
				return;
			}
			HttpHeaders headers = request.getHeaders();
			sender.addTo("http", (name) -> {
				List<String> values = HttpHeaderValues.of(headers, name);
				return values.isEmpty() ? null : String.join(",", values);
			}, headers::set);
		}

	}

	private static final class KafkaRecords {

		static @Nullable String header(Object carrier, String name) {
			Header header = ((ProducerRecord<?, ?>) carrier).headers().lastHeader(name);
			return (header != null && header.value() != null) ? new String(header.value(), StandardCharsets.UTF_8)
					: null;
		}

	}

	private static final class RabbitMessages {

		static @Nullable String header(Object carrier, String name) {
			Object header = ((org.springframework.amqp.core.Message) carrier).getMessageProperties()
				.getHeaders()
				.get(name);
			return (header instanceof String text) ? text : null;
		}

	}

	private static final class JmsMessages {

		static @Nullable String header(Object carrier, String name) {
			try {
				return ((jakarta.jms.Message) carrier).getStringProperty(RemoteVariables.toProperty(name));
			}
			catch (jakarta.jms.JMSException ex) {
				return null;
			}
		}

	}

	private static final class GrpcCalls {

		static @Nullable String header(Object carrier, String name) {
			Iterable<String> values = ((Metadata) carrier)
				.getAll(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
			return (values != null) ? String.join(",", values) : null;
		}

	}

}
