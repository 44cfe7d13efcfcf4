package io.github.contextvars.spring.remote;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.core.ResolvableType;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.fill.FilledValues;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.registry.VariableConversion;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

class RemoteReceiverTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

	private static final ContextVar<Integer> COUNT = ContextVar.of("count", -1);

	private static final String ID = "0123456789abcdef";

	private final WorkRegistry registry = WorkRegistry.tracking();

	private final RemoteDrops drops = new RemoteDrops();

	private final List<RemoteTrust> trusts = new ArrayList<>();

	private final UnitOfWork unit = this.registry.create(UnitOfWork.Kind.REQUEST, () -> "request", null, new Context());

	private boolean parent = true;

	private ContextRemoteConfiguration.Format format = ContextRemoteConfiguration.Format.HEADERS;

	private List<RemoteVariables.RemoteVariable> variables = List.of(variable(TENANT, String.class, "X-Tenant"),
			variable(COUNT, Integer.class, "X-Count"));

	@Test
	void receiveSetsVariablesOfATrustedTransport() {
		receive("kafka", null,
				Map.of("X-Tenant", List.of("a%20b"), "X-Count", List.of("42"), RemoteVariables.UNIT, List.of(ID)));

		assertValues("a b", 42, ID);
		assertDropped(null);
	}

	@Test
	void receiveSetsNothingOfAnotherTransport() {
		receive("rabbit", null, Map.of("X-Tenant", List.of("acme"), RemoteVariables.UNIT, List.of(ID)));

		assertValues("-", -1, null);
		assertThat(this.drops.count(RemoteDrops.Reason.UNTRUSTED)).isEqualTo(2);
	}

	@Test
	void receiveTrustsNetworksByTheAddressOfThePeer() throws Exception {
		Map<String, List<String>> headers = Map.of("X-Tenant", List.of("acme"));

		receive("http", InetAddress.getByName("10.1.2.3"), headers);
		assertValues("acme", -1, null);
		new RemoteReceiverTests().assertUntrusted(InetAddress.getByName("11.1.2.3"), headers);
		new RemoteReceiverTests().assertUntrusted(null, headers);
	}

	private void assertUntrusted(InetAddress address, Map<String, List<String>> headers) {
		receive("http", address, headers);
		assertValues("-", -1, null);
		assertDropped(RemoteDrops.Reason.UNTRUSTED);
	}

	@Test
	void receiveAsksTrustsOnceAndOnlyIfThereIsAnything() {
		List<Object> asked = new ArrayList<>();
		this.trusts.add((transport, address, carrier) -> {
			throw new IllegalStateException("planned");
		});
		this.trusts.add((transport, address, carrier) -> {
			asked.add(transport + " " + carrier);
			return true;
		});

		receive("http", null, Map.of());
		assertThat(asked).isEmpty();
		receive("http", null, Map.of("X-Tenant", List.of("acme"), "X-Count", List.of("42")));
		assertThat(asked).containsExactly("http carrier");
		assertValues("acme", 42, null);
	}

	@Test
	void receiveWhenATrustRefusesSetsNothing() {
		this.trusts.add((transport, address, carrier) -> false);

		receive("http", null, Map.of("X-Tenant", List.of("acme")));

		assertValues("-", -1, null);
		assertDropped(RemoteDrops.Reason.UNTRUSTED);
	}

	@Test
	void receiveDropsWhatIsRepeated() {
		receive("kafka", null, Map.of("X-Tenant", List.of("acme", "acme"), "X-Count", List.of("42")));

		assertValues("-", 42, null);
		assertDropped(RemoteDrops.Reason.REPEATED);
	}

	@Test
	void receiveDropsWhatIsMalformedOrOfAnotherType() {
		receive("kafka", null, Map.of("X-Tenant", List.of("a b"), "X-Count", List.of("many"), RemoteVariables.UNIT,
				List.of(ID + "0")));

		assertValues("-", -1, null);
		assertThat(this.drops.count(RemoteDrops.Reason.MALFORMED)).isEqualTo(3);
	}

	@Test
	void receiveDropsAnEmptyNumber() {
		receive("kafka", null, Map.of("X-Count", List.of("")));

		assertValues("-", -1, null);
		assertDropped(RemoteDrops.Reason.MALFORMED);
	}

	@Test
	void receiveHasALimitOfVariables() {
		this.variables = IntStream.range(0, RemoteValues.MAX_VARIABLES + 1)
			.mapToObj((i) -> variable(ContextVar.of("v" + i), String.class, "X-" + i))
			.toList();

		receive("kafka", null, (name) -> List.of(ID));

		assertThat(valueOf(0)).isEqualTo(ID);
		assertThat(valueOf(RemoteValues.MAX_VARIABLES - 1)).isEqualTo(ID);
		assertThat(valueOf(RemoteValues.MAX_VARIABLES)).isNull();
		assertThat(this.drops.count(RemoteDrops.Reason.OVER)).isEqualTo(2);
	}

	@Test
	void receiveHasALimitOfCharacters() {
		int length = RemoteValues.MAX_BYTES / 8 - "X-0".length();
		this.parent = false;
		this.variables = IntStream.range(0, 9)
			.mapToObj((i) -> variable(ContextVar.of("v" + i), String.class, "X-" + i))
			.toList();

		receive("kafka", null, (name) -> List.of("a".repeat(length)));

		assertThat(valueOf(7)).hasToString("a".repeat(length));
		assertThat(valueOf(8)).isNull();
		assertDropped(RemoteDrops.Reason.OVER);
	}

	@Test
	void receiveReadsMembersOfBaggage() {
		this.format = ContextRemoteConfiguration.Format.BAGGAGE;

		receive("kafka", null,
				Map.of("baggage", List.of("X-Tenant=acme,other=1", "X-Count=42"), "X-Tenant", List.of("of a header")));

		assertValues("acme", 42, null);
	}

	@Test
	void receiveWithoutParentLeavesItAlone() {
		this.parent = false;

		receive("kafka", null, Map.of("X-Tenant", List.of("acme"), RemoteVariables.UNIT, List.of(ID)));

		assertValues("acme", -1, null);
		assertDropped(null);
	}

	@Test
	void receiveWithoutVariablesReceivesTheParent() {
		this.variables = List.of();
		receive("kafka", null, Map.of(RemoteVariables.UNIT, List.of(ID)));
		assertValues("-", -1, ID);

		this.parent = false;
		receive("kafka", null, (name) -> {
			throw new AssertionError(name);
		});
	}

	@Test
	void receiveNeverThrows() {
		receive("kafka", null, (name) -> {
			throw new IllegalStateException("planned");
		});

		assertValues("-", -1, null);
	}

	private void receive(String transport, InetAddress address, Map<String, List<String>> headers) {
		receive(transport, address, (name) -> headers.getOrDefault(name, List.of()));
	}

	private void receive(String transport, InetAddress address,
			Function<String, ? extends Collection<String>> headers) {
		ContextRemoteConfiguration.Settings settings = new ContextRemoteConfiguration.Settings(Set.of(), Set.of(),
				Set.of(), Set.of("kafka", "10.0.0.0/8"), this.format, this.parent);
		RemoteReceiver receiver = new RemoteReceiver(this.variables, settings, () -> this.trusts,
				new VariableConversion(new DefaultListableBeanFactory()), () -> this.registry, this.drops);
		this.registry.run(this.unit,
				() -> receiver.receive(transport, address, "carrier", headers, new FilledValues()));
	}

	private void assertValues(String tenant, int count, String remoteParent) {
		assertThat(this.unit.context().getOrDefault(TENANT, "-")).isEqualTo(tenant);
		assertThat(this.unit.context().getOrDefault(COUNT, -1)).isEqualTo(count);
		assertThat(this.unit.remoteParent()).isEqualTo(remoteParent);
	}

	// That one value was dropped for this reason, and none for another.
	private void assertDropped(RemoteDrops.Reason expected) {
		for (RemoteDrops.Reason reason : RemoteDrops.Reason.values()) {
			assertThat(this.drops.count(reason)).as(reason.toString()).isEqualTo((reason == expected) ? 1 : 0);
		}
	}

	private Object valueOf(int index) {
		return this.unit.context().get(this.variables.get(index).declaration().variable());
	}

	static RemoteVariables.RemoteVariable variable(ContextVar<?> variable, Class<?> type, String header) {
		return new RemoteVariables.RemoteVariable(new ContextVariableRegistry.Declaration(variable,
				"Test#" + variable.name(), ResolvableType.forClass(type), "", false, false, false, header), header);
	}

}
