package io.github.contextvars.spring.remote;

import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Counts the values that were not sent or received, by reason. May be used on any thread.
 * <p>
 * Internal: public for the other packages of the library only.
 *
 * @since 0.1.0
 */
public final class RemoteDrops {

	private static final Log logger = LogFactory.getLog(RemoteDrops.class);

	private final Map<Reason, LongAdder> counts = new ConcurrentHashMap<>();

	void add(Reason reason, String transport, String name) {
		this.counts.computeIfAbsent(reason, (first) -> new LongAdder()).increment();
		if (logger.isDebugEnabled()) {
			logger.debug("Dropped '" + name + "' of " + transport + ": " + reason.text);
		}
	}

	/**
	 * Return how many values were dropped for a reason.
	 * @param reason the reason
	 * @return the number since the application was started
	 */
	public long count(Reason reason) {
		LongAdder present = this.counts.get(reason);
		return (present != null) ? present.sum() : 0;
	}

	/**
	 * Why a value was dropped.
	 */
	public enum Reason {

		/**
		 * The peer is not trusted.
		 */
		UNTRUSTED("its peer is not trusted"),

		/**
		 * There are several values.
		 */
		REPEATED("it is repeated"),

		/**
		 * The value cannot be written or read.
		 */
		MALFORMED("its value is malformed, too long or of another type"),

		/**
		 * There are too many values, or too much of them.
		 */
		OVER("the values are too many"),

		/**
		 * The client follows redirects.
		 */
		REDIRECTS("the client follows redirects by itself");

		private final String text;

		Reason(String text) {
			this.text = text;
		}

		/**
		 * Return the name of the reason in a meter's tag.
		 */
		@Override
		public String toString() {
			return name().toLowerCase(Locale.ROOT);
		}

	}

}
