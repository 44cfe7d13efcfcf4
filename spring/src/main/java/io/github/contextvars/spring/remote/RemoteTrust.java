package io.github.contextvars.spring.remote;

import java.net.InetAddress;

import org.jspecify.annotations.Nullable;

/**
 * Bean that decides which requests, calls and messages of other processes may set
 * variables, beside the peers that {@code contextvars.remote.receive-from} names. It is
 * called for each of them, on the thread that processes it, before its context is used.
 * One that throws trusts nothing.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface RemoteTrust {

	/**
	 * Return whether the variables of a request, call or message are received.
	 * @param transport how it came: {@code http}, {@code grpc}, {@code kafka},
	 * {@code rabbit} or {@code jms}
	 * @param address the address of the TCP peer, never one that a proxy has forwarded;
	 * {@code null} for messages, and where it is not known
	 * @param carrier the request, the call's {@code Metadata}, or the message
	 * @return whether to receive them
	 */
	boolean isTrusted(String transport, @Nullable InetAddress address, Object carrier);

}
