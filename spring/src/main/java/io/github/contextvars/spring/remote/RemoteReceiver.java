package io.github.contextvars.spring.remote;

import java.net.InetAddress;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import io.github.contextvars.spring.fill.FilledValues;
import io.github.contextvars.spring.registry.VariableConversion;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Sets variables of a unit of work to the values that another process has sent, if its
 * peer is trusted. Never throws. May be used on any thread that is in the context.
 * <p>
 * Internal: public for the other packages of the library only.
 *
 * @since 0.1.0
 */
public final class RemoteReceiver {

	/**
	 * The transports that can be trusted by their names.
	 */
	static final Set<String> TRANSPORTS = Set.of("kafka", "rabbit", "jms", "grpc");

	private static final Log logger = LogFactory.getLog(RemoteReceiver.class);

	private static final Pattern UNIT_ID = Pattern.compile("[0-9a-f]{16}");

	private final List<RemoteVariables.RemoteVariable> variables;

	private final boolean baggage;

	private final boolean parent;

	private final Set<String> transports;

	private final List<Network> networks;

	private final Supplier<List<RemoteTrust>> trusts;

	private final VariableConversion conversion;

	private final Supplier<WorkRegistry> workRegistry;

	private final RemoteDrops drops;

	RemoteReceiver(List<RemoteVariables.RemoteVariable> variables, ContextRemoteConfiguration.Settings settings,
			Supplier<List<RemoteTrust>> trusts, VariableConversion conversion, Supplier<WorkRegistry> workRegistry,
			RemoteDrops drops) {
		this.variables = variables;
		this.parent = settings.parent();
		this.baggage = settings.format() == ContextRemoteConfiguration.Format.BAGGAGE;
		this.transports = Set.copyOf(settings.receiveFrom().stream().filter(TRANSPORTS::contains).toList());
		this.networks = RemoteVariables.withoutTransports(settings.receiveFrom(), TRANSPORTS)
			.stream()
			.map(Network::parse)
			.toList();
		this.trusts = trusts;
		this.conversion = conversion;
		this.workRegistry = workRegistry;
		this.drops = drops;
	}

	/**
	 * Return the name of a header in a message of JMS.
	 * @param header the name
	 * @return the name of the property
	 */
	public static String toProperty(String header) {
		return RemoteVariables.toProperty(header);
	}

	/**
	 * Parse the address of a peer, and never look up a name.
	 * @param text the text
	 * @return the address, or {@code null} if the text is none
	 */
	public static @Nullable InetAddress parseAddress(@Nullable String text) {
		return Network.parseAddress(text);
	}

	/**
	 * Set variables of the current context, and remember the unit of work that has sent
	 * them.
	 * @param transport how the carrier came
	 * @param address the address of the TCP peer, if it is known
	 * @param carrier the request, call or message
	 * @param headers finds the values of a header in it
	 * @param filled what was filled in the current context
	 */
	public void receive(String transport, @Nullable InetAddress address, Object carrier,
			Function<String, ? extends Collection<String>> headers, FilledValues filled) {
		if (this.variables.isEmpty() && !this.parent) {
			return;
		}
		try {
			Function<String, ? extends Collection<String>> values = headers;
			if (this.baggage) {
				Map<String, List<String>> members = RemoteValues.members(headers.apply(RemoteVariables.BAGGAGE));
				values = (name) -> members.getOrDefault(name, List.of());
			}
			receive(new Reception(transport, address, carrier), values, filled);
		}
		catch (Exception | LinkageError ex) {
			logger.warn("Variables of another process could not be received by " + transport, ex);
		}
	}

	private void receive(Reception reception, Function<String, ? extends Collection<String>> values,
			FilledValues filled) {
		for (RemoteVariables.RemoteVariable variable : this.variables) {
			String name = variable.wireName();
			reception.accept(name, values.apply(name), (encoded) -> set(variable, encoded, filled));
		}
		UnitOfWork unit = this.parent ? this.workRegistry.get().current() : null;
		if (unit != null) {
			reception.accept(RemoteVariables.UNIT, values.apply(RemoteVariables.UNIT), (id) -> setParent(unit, id));
		}
	}

	private static boolean setParent(UnitOfWork unit, String id) {
		boolean valid = UNIT_ID.matcher(id).matches();
		if (valid) {
			unit.receiveRemoteParent(id);
		}
		return valid;
	}

	private boolean set(RemoteVariables.RemoteVariable variable, String encoded, FilledValues filled) {
		String value = RemoteValues.decode(encoded);
		if (value == null) {
			return false;
		}
		try {
			Object converted = this.conversion.convert(value, variable.declaration());
			if (converted == null) {
				return false;
			}
			filled.set(variable.declaration().variable(), converted, FilledValues.Source.RECEIVED);
			return true;
		}
		catch (IllegalStateException ex) {
			return false;
		}
	}

	private boolean isTrusted(String transport, @Nullable InetAddress address, Object carrier) {
		if (this.transports.contains(transport)) {
			return true;
		}
		for (Network network : this.networks) {
			if (address != null && network.contains(address)) {
				return true;
			}
		}
		for (RemoteTrust trust : this.trusts.get()) {
			try {
				if (trust.isTrusted(transport, address, carrier)) {
					return true;
				}
			}
			catch (Exception | LinkageError ex) {
				logger.warn("A RemoteTrust has failed, and trusts nothing", ex);
			}
		}
		return false;
	}

	/**
	 * What is received with one request, call or message, and counts against the limits.
	 */
	private final class Reception {

		private final String transport;

		private final @Nullable InetAddress address;

		private final Object carrier;

		private @Nullable Boolean trusted;

		private int count;

		private int bytes;

		private Reception(String transport, @Nullable InetAddress address, Object carrier) {
			this.transport = transport;
			this.address = address;
			this.carrier = carrier;
		}

		private void accept(String name, Collection<String> found, Predicate<String> use) {
			if (!found.isEmpty()) {
				RemoteDrops.Reason reason = reasonAgainst(name, found, use);
				if (reason != null) {
					RemoteReceiver.this.drops.add(reason, this.transport, name);
				}
			}
		}

		private RemoteDrops.@Nullable Reason reasonAgainst(String name, Collection<String> found,
				Predicate<String> use) {
			String encoded = found.iterator().next();
			this.count++;
			this.bytes += name.length() + encoded.length();
			if (!isTrusted()) {
				return RemoteDrops.Reason.UNTRUSTED;
			}
			if (found.size() > 1) {
				return RemoteDrops.Reason.REPEATED;
			}
			if (this.count > RemoteValues.MAX_VARIABLES || this.bytes > RemoteValues.MAX_BYTES) {
				return RemoteDrops.Reason.OVER;
			}
			return use.test(encoded) ? null : RemoteDrops.Reason.MALFORMED;
		}

		// Asked once, and only if there is anything.
		private boolean isTrusted() {
			Boolean known = this.trusted;
			if (known == null) {
				known = RemoteReceiver.this.isTrusted(this.transport, this.address, this.carrier);
				this.trusted = known;
			}
			return known;
		}

	}

}
