package io.github.contextvars.spring.remote;

import java.net.InetAddress;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import io.github.contextvars.spring.fill.FilledValues;
import io.github.contextvars.spring.registry.VariableConversion;

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

	private final List<RemoteVariables.RemoteVariable> variables;

	private final boolean baggage;

	private final Set<String> transports;

	private final List<Network> networks;

	private final Supplier<List<RemoteTrust>> trusts;

	private final VariableConversion conversion;

	private final RemoteDrops drops;

	RemoteReceiver(List<RemoteVariables.RemoteVariable> variables, ContextRemoteConfiguration.Settings settings,
			Supplier<List<RemoteTrust>> trusts, VariableConversion conversion, RemoteDrops drops) {
		this.variables = variables;
		this.baggage = settings.format() == ContextRemoteConfiguration.Format.BAGGAGE;
		this.transports = Set.copyOf(settings.receiveFrom().stream().filter(TRANSPORTS::contains).toList());
		this.networks = RemoteVariables.withoutTransports(settings.receiveFrom(), TRANSPORTS)
			.stream()
			.map(Network::parse)
			.toList();
		this.trusts = trusts;
		this.conversion = conversion;
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
	 * Set variables of the current context.
	 * @param transport how the carrier came
	 * @param address the address of the TCP peer, if it is known
	 * @param carrier the request, call or message
	 * @param headers finds the values of a header in it
	 * @param filled what was filled in the current context
	 */
	public void receive(String transport, @Nullable InetAddress address, Object carrier,
			Function<String, ? extends Collection<String>> headers, FilledValues filled) {
		if (this.variables.isEmpty()) {
			return;
		}
		try {
			Function<String, ? extends Collection<String>> values = headers;
			if (this.baggage) {
				Map<String, List<String>> members = RemoteValues.members(headers.apply(RemoteVariables.BAGGAGE));
				values = (name) -> members.getOrDefault(name, List.of());
			}
			receive(transport, address, carrier, filled, values);
		}
		catch (Exception | LinkageError ex) {
			logger.warn("Variables of another process could not be received by " + transport, ex);
		}
	}

	private void receive(String transport, @Nullable InetAddress address, Object carrier, FilledValues filled,
			Function<String, ? extends Collection<String>> values) {
		Boolean trusted = null;
		int count = 0;
		int bytes = 0;
		for (RemoteVariables.RemoteVariable variable : this.variables) {
			Collection<String> found = values.apply(variable.wireName());
			if (found.isEmpty()) {
				continue;
			}
			if (trusted == null) {
				trusted = isTrusted(transport, address, carrier);
			}
			String encoded = found.iterator().next();
			count++;
			bytes += variable.wireName().length() + encoded.length();
			RemoteDrops.Reason reason = null;
			if (!trusted) {
				reason = RemoteDrops.Reason.UNTRUSTED;
			}
			else if (found.size() > 1) {
				reason = RemoteDrops.Reason.REPEATED;
			}
			else if (count > RemoteValues.MAX_VARIABLES || bytes > RemoteValues.MAX_BYTES) {
				reason = RemoteDrops.Reason.OVER;
			}
			else if (!set(variable, encoded, filled)) {
				reason = RemoteDrops.Reason.MALFORMED;
			}
			if (reason != null) {
				this.drops.add(reason, transport, variable.wireName());
			}
		}
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

}
