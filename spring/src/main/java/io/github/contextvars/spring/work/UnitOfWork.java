package io.github.contextvars.spring.work;

import java.time.Instant;
import java.util.HexFormat;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;

/**
 * Piece of work that runs in a {@link Context} of its own: a request, a task, a message,
 * a call of a scoped method. Its properties may be read on any thread.
 *
 * @since 0.1.0
 * @see WorkRegistry
 */
public final class UnitOfWork {

	private static final int MAX_ORIGIN = 256;

	private final long id;

	private final Kind kind;

	private final @Nullable Long parent;

	private final long since;

	private final Context context;

	private volatile Supplier<String> origin;

	private volatile boolean renamed;

	private volatile @Nullable String remoteId;

	private volatile @Nullable String remoteParent;

	// Written by the thread that runs the work, before it is registered.
	volatile @Nullable Thread thread;

	// What ThreadLocalPropagation has captured for it; null if it begins without values.
	volatile @Nullable Object threadLocals;

	UnitOfWork(long id, long since, Kind kind, Supplier<String> origin, @Nullable Long parent, Context context,
			@Nullable Object threadLocals) {
		this.id = id;
		this.since = since;
		this.kind = kind;
		this.origin = origin;
		this.parent = parent;
		this.context = context;
		this.threadLocals = threadLocals;
	}

	/**
	 * Return the number that identifies this unit of work in its application.
	 * @return the id; 0 if units of work are not tracked
	 */
	public long id() {
		return this.id;
	}

	/**
	 * Return the kind of this unit of work.
	 * @return the kind
	 */
	public Kind kind() {
		return this.kind;
	}

	/**
	 * Return what the work was started by, such as {@code GET /orders/7} or
	 * {@code OrderMail.send}.
	 * @return the origin, of 256 characters at most
	 */
	public String origin() {
		String text = this.origin.get();
		return (text.length() <= MAX_ORIGIN) ? text : text.substring(0, MAX_ORIGIN);
	}

	/**
	 * Return the {@link #id()} of the unit of work whose context this one's was copied
	 * from.
	 * @return the id, which may no longer be listed, or {@code null} if the context began
	 * empty
	 */
	public @Nullable Long parent() {
		return this.parent;
	}

	/**
	 * Return the id by which other processes know this unit of work.
	 * @return the id, or {@code null} if it was sent to none
	 */
	public @Nullable String remoteId() {
		return this.remoteId;
	}

	/**
	 * Return the id by which other processes know this unit of work, and make one at
	 * first. It is random, so that it tells nothing of this process. Called by the thread
	 * that runs the work, before the id is sent.
	 * @return 16 hexadecimal digits, in lower case
	 */
	public String obtainRemoteId() {
		String id = this.remoteId;
		if (id == null) {
			id = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
			this.remoteId = id;
		}
		return id;
	}

	/**
	 * Return the {@link #remoteId()} of the unit of work in another process that has sent
	 * the request, call or message.
	 * @return the id, or {@code null} if none was received
	 */
	public @Nullable String remoteParent() {
		return this.remoteParent;
	}

	/**
	 * Remember the unit of work in another process that has sent this one. Called by the
	 * thread that runs the work.
	 * @param remoteParent what was received, checked
	 */
	public void receiveRemoteParent(String remoteParent) {
		this.remoteParent = remoteParent;
	}

	/**
	 * Return when the work began.
	 * @return the time, the epoch if units of work are not tracked
	 */
	public Instant since() {
		return Instant.ofEpochMilli(this.since);
	}

	/**
	 * Return the thread that runs the work.
	 * @return the thread, or {@code null} while the work waits for its completion
	 */
	public @Nullable Thread thread() {
		return this.thread;
	}

	/**
	 * Return the context that the work runs in. It is to be read only.
	 * @return the context
	 */
	public Context context() {
		return this.context;
	}

	// Not a method reference to this: a snapshot must not retain the unit.
	Supplier<String> originSupplier() {
		return this.origin;
	}

	/**
	 * Refuse to replace the origin.
	 */
	void pinOrigin() {
		this.renamed = true;
	}

	/**
	 * Replace the origin by a more exact one, once.
	 * @param origin the origin
	 * @return whether it was replaced
	 */
	boolean rename(Supplier<String> origin) {
		if (this.renamed) {
			return false;
		}
		this.renamed = true;
		this.origin = origin;
		return true;
	}

	/**
	 * Kinds of units of work.
	 */
	public enum Kind {

		/** A client's request, through all its dispatches. */
		REQUEST,

		/** One run of a task on another thread, or of a callback. */
		TASK,

		/** One call of a {@code @ContextScoped} method. */
		SCOPED,

		/** One run of a scheduled method. */
		SCHEDULED,

		/** One message of a listener, a channel or a session. */
		MESSAGE,

		/** One session of a WebSocket, from the handshake to the end of its beginning. */
		SESSION,

		/** One remote procedure call, through all its callbacks. */
		CALL,

		/** One firing of a job. */
		JOB,

		/** One runner, listener or singleton that prepares the application. */
		RUNNER;

		/**
		 * Return the kind as it is spelled in the endpoint and in tags of meters.
		 * @return the name in lower case
		 */
		@Override
		public String toString() {
			return name().toLowerCase(Locale.ROOT);
		}

	}

}
