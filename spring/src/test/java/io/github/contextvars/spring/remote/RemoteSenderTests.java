package io.github.contextvars.spring.remote;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

import io.micrometer.observation.Observation;
import io.micrometer.observation.transport.SenderContext;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.http.HttpMethod;
import org.springframework.http.client.ClientHttpRequest;
import org.springframework.http.client.SimpleClientHttpRequestFactory;
import org.springframework.mock.http.client.MockClientHttpRequest;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

class RemoteSenderTests {

	private static final ContextVar<Object> TENANT = ContextVar.of("tenant", "-");

	private final WorkRegistry registry = WorkRegistry.tracking();

	private final RemoteDrops drops = new RemoteDrops();

	private final UnitOfWork unit = this.registry.create(UnitOfWork.Kind.REQUEST, () -> "request", null, new Context());

	private final Map<String, String> headers = new LinkedHashMap<>();

	private List<RemoteVariables.RemoteVariable> variables = List
		.of(RemoteReceiverTests.variable(TENANT, Object.class, "X-Tenant"));

	private ContextRemoteConfiguration.Format format = ContextRemoteConfiguration.Format.HEADERS;

	private boolean parent;

	@Test
	void addToSetsHeadersOfWhatIsSet() {
		add();
		assertThat(this.headers).isEmpty();

		this.unit.context().run(() -> TENANT.set("a b"));
		add();
		assertThat(this.headers).containsExactly(Map.entry("X-Tenant", "a%20b"));
	}

	@Test
	void addToSetsAnEmptyValue() {
		this.unit.context().run(() -> TENANT.set(""));

		add();

		assertThat(this.headers).containsExactly(Map.entry("X-Tenant", ""));
		assertThat(this.drops.count(RemoteDrops.Reason.MALFORMED)).isZero();
	}

	@Test
	void addToDropsWhatHasNoText() {
		for (Object value : new Object[] { new Object(), "a\nb", List.of() }) {
			this.unit.context().run(() -> TENANT.set(value));
			add();
		}

		assertThat(this.headers).isEmpty();
		assertThat(this.drops.count(RemoteDrops.Reason.MALFORMED)).isEqualTo(3);
	}

	@Test
	void addToSendsConstantsByTheirNames() {
		this.unit.context().run(() -> TENANT.set(Plan.FREE));

		add();

		assertThat(this.headers).containsExactly(Map.entry("X-Tenant", "FREE"));
	}

	@Test
	void addToKeepsHeadersOfTheApplicationButForTheUnit() {
		this.parent = true;
		this.unit.context().run(() -> TENANT.set("acme"));
		this.headers.put("X-Tenant", "application");
		this.headers.put(RemoteVariables.UNIT, "received");

		add();

		assertThat(this.headers).containsExactly(Map.entry("X-Tenant", "application"),
				Map.entry(RemoteVariables.UNIT, this.unit.remoteId()));
	}

	@Test
	void addToAppendsToBaggageAndReplacesOwnMembers() {
		this.format = ContextRemoteConfiguration.Format.BAGGAGE;
		this.parent = true;
		this.unit.context().run(() -> TENANT.set("acme"));
		this.headers.put("baggage", "other=1;p, X-Tenant = stranger ,,plain," + RemoteVariables.UNIT + "=received");

		add();

		assertThat(this.headers).containsExactly(Map.entry("baggage",
				"other=1;p,plain,X-Tenant=acme," + RemoteVariables.UNIT + "=" + this.unit.remoteId()));
	}

	@Test
	void addToWithoutParentLeavesItsMemberOfBaggage() {
		this.format = ContextRemoteConfiguration.Format.BAGGAGE;
		this.headers.put("baggage", RemoteVariables.UNIT + "=other");

		add();

		assertThat(this.headers).containsExactly(Map.entry("baggage", RemoteVariables.UNIT + "=other"));
	}

	@Test
	void addToWhenNothingIsSetRemovesWhatAStrangerHasSent() {
		this.format = ContextRemoteConfiguration.Format.BAGGAGE;
		add();
		assertThat(this.headers).isEmpty();

		this.headers.put("baggage", "X-Tenant=stranger,other=1");
		add();
		assertThat(this.headers).containsExactly(Map.entry("baggage", "other=1"));
	}

	@Test
	void addToHasALimitOfVariables() {
		this.parent = true;
		this.variables = variables(RemoteValues.MAX_VARIABLES + 1);
		this.unit.context().run(() -> this.variables.forEach((one) -> set(one, "v")));

		add();

		assertThat(this.headers).hasSize(RemoteValues.MAX_VARIABLES)
			.containsKeys("X-0", "X-" + (RemoteValues.MAX_VARIABLES - 1));
		assertThat(this.drops.count(RemoteDrops.Reason.OVER)).isEqualTo(2);
	}

	@Test
	void addToHasALimitOfCharacters() {
		int length = RemoteValues.MAX_BYTES / 8 - "X-0".length();
		this.variables = variables(9);
		this.unit.context().run(() -> this.variables.forEach((one) -> set(one, "a".repeat(length))));

		add();

		assertThat(this.headers).hasSize(8).containsKey("X-7");
		assertThat(this.drops.count(RemoteDrops.Reason.OVER)).isEqualTo(1);
	}

	@Test
	void onStartAddsToRecordsOfKafka() {
		ProducerRecord<String, String> record = new ProducerRecord<>("topic", "value");
		record.headers().add("X-Tenant", "application".getBytes(StandardCharsets.UTF_8));
		record.headers().add("X-Null", null);
		this.variables = List.of(RemoteReceiverTests.variable(TENANT, Object.class, "X-Tenant"),
				RemoteReceiverTests.variable(TENANT, Object.class, "X-Null"));
		this.unit.context().run(() -> TENANT.set("acme"));

		start(record, (carrier, name, value) -> this.headers.put(name, value));

		assertThat(this.headers).containsExactly(Map.entry("X-Null", "acme"));
	}

	@Test
	void onStartAddsToMessagesOfRabbit() {
		MessageProperties properties = new MessageProperties();
		properties.setHeader("X-Tenant", "application");
		properties.setHeader("X-Number", 42);
		Message message = new Message(new byte[0], properties);
		this.variables = List.of(RemoteReceiverTests.variable(TENANT, Object.class, "X-Tenant"),
				RemoteReceiverTests.variable(TENANT, Object.class, "X-Number"));
		this.unit.context().run(() -> TENANT.set("acme"));

		start(message, (carrier, name, value) -> this.headers.put(name, value));

		assertThat(this.headers).containsExactly(Map.entry("X-Number", "acme"));
	}

	@Test
	void onStartAddsToRequestsOfNamedHosts() {
		this.unit.context().run(() -> TENANT.set("acme"));
		MockClientHttpRequest named = new MockClientHttpRequest(HttpMethod.GET, URI.create("http://orders/a"));
		MockClientHttpRequest other = new MockClientHttpRequest(HttpMethod.GET, URI.create("http://other/a"));
		MockClientHttpRequest own = new MockClientHttpRequest(HttpMethod.GET, URI.create("http://orders/a"));
		own.getHeaders().add("X-Tenant", "application");

		start(named, null);
		start(other, null);
		start(own, null);

		assertThat(named.getHeaders().get("X-Tenant")).containsExactly("acme");
		assertThat(other.getHeaders().get("X-Tenant")).isNull();
		assertThat(own.getHeaders().get("X-Tenant")).containsExactly("application");
	}

	@Test
	void onStartRefusesClientsThatFollowRedirects() throws Exception {
		this.unit.context().run(() -> TENANT.set("acme"));
		ClientHttpRequest request = new SimpleClientHttpRequestFactory().createRequest(URI.create("http://orders/a"),
				HttpMethod.GET);
		RemoteSender sender = sender();

		start(sender, request, null);

		assertThat(request.getHeaders().get("X-Tenant")).isNull();
		assertThat(this.drops.count(RemoteDrops.Reason.REDIRECTS)).isEqualTo(1);
		assertThat(sender.entries()).singleElement()
			.returns("SimpleClientHttpRequest", PropagationSource.Entry::name)
			.returns(false, PropagationSource.Entry::propagates)
			.returns(RemoteSender.SWITCH_OFF, PropagationSource.Entry::remedy);
	}

	@Test
	void onStartSendsNothingOfOtherCarriers() {
		this.parent = true;
		start("carrier", (carrier, name, value) -> this.headers.put(name, value));
		start(null, (carrier, name, value) -> this.headers.put(name, value));

		assertThat(this.headers).isEmpty();
		assertThat(sender().supportsContext(new Observation.Context())).isFalse();
		assertThat(sender().supportsContext(new SenderContext<>((carrier, name, value) -> {
		}))).isTrue();
	}

	@Test
	void onStartNeverThrows() {
		this.unit.context().run(() -> TENANT.set("acme"));

		start(new ProducerRecord<>("topic", "value"), (carrier, name, value) -> {
			this.headers.put(name, value);
			throw new IllegalStateException("planned");
		});

		assertThat(this.headers).containsKey("X-Tenant");
	}

	@Test
	void onStartWithoutVariablesSendsTheUnit() {
		this.variables = List.of();
		start(new ProducerRecord<>("topic", "value"), (carrier, name, value) -> this.headers.put(name, value));
		assertThat(this.headers).isEmpty();

		this.parent = true;
		start(new ProducerRecord<>("topic", "value"), (carrier, name, value) -> this.headers.put(name, value));
		assertThat(this.headers).containsExactly(Map.entry(RemoteVariables.UNIT, this.unit.remoteId()));
	}

	@Test
	void addToOutsideAnyUnitSendsNone() {
		this.parent = true;

		sender().addTo("kafka", this.headers::get, this.headers::put);

		assertThat(this.headers).isEmpty();
	}

	private void add() {
		this.registry.run(this.unit, () -> sender().addTo("kafka", this.headers::get, this.headers::put));
	}

	private <C> void start(C carrier, io.micrometer.observation.transport.Propagator.Setter<C> setter) {
		start(sender(), carrier, setter);
	}

	private <C> void start(RemoteSender sender, C carrier,
			io.micrometer.observation.transport.Propagator.Setter<C> setter) {
		SenderContext<C> context = new SenderContext<>((setter != null) ? setter : (one, name, value) -> {
			throw new AssertionError(name);
		});
		context.setCarrier(carrier);
		this.registry.run(this.unit, () -> sender.onStart(context));
	}

	private RemoteSender sender() {
		ContextRemoteConfiguration.Settings settings = new ContextRemoteConfiguration.Settings(Set.of(),
				Set.of("kafka", "rabbit", "orders"), Set.of(), Set.of(), this.format, this.parent);
		return new RemoteSender(this.variables, settings, () -> this.registry, this.drops, getClass().getClassLoader());
	}

	private static List<RemoteVariables.RemoteVariable> variables(int count) {
		return IntStream.range(0, count)
			.mapToObj((i) -> RemoteReceiverTests.variable(ContextVar.of("v" + i), String.class, "X-" + i))
			.toList();
	}

	@SuppressWarnings("unchecked")
	private static void set(RemoteVariables.RemoteVariable variable, Object value) {
		((ContextVar<Object>) variable.declaration().variable()).set(value);
	}

	private enum Plan {

		FREE;

		@Override
		public String toString() {
			return "for free";
		}

	}

}
