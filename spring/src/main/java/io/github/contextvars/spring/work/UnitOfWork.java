package io.github.contextvars.spring.work;

import java.time.Instant;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;

/**
 * One unit of work that runs in a context of its own: a request, a task, a scoped method.
 * May be read by any thread.
 */
public final class UnitOfWork {

	private static final int MAX_ORIGIN = 256;

	private final long id;

	private final Kind kind;

	private final @Nullable Long parent;

	private final long since;

	// Written by the thread that runs the work.
	volatile Context context;

	private volatile Supplier<String> origin;

	private volatile boolean named;

	// Written by the thread that is about to enter the context, before it shows.
	volatile @Nullable Thread thread;

	@Nullable UnitOfWork outer;

	UnitOfWork(long id, long since, Kind kind, Supplier<String> origin, @Nullable Long parent, Context context) {
		this.id = id;
		this.since = since;
		this.kind = kind;
		this.origin = origin;
		this.parent = parent;
		this.context = context;
	}

	/**
	 * Return the number that tells this unit of work from all others of the application.
	 * @return the id
	 */
	public long id() {
		return this.id;
	}

	/**
	 * Return what kind of work this is.
	 * @return the kind
	 */
	public Kind kind() {
		return this.kind;
	}

	/**
	 * Return where the work comes from, such as {@code GET /orders/7} or
	 * {@code OrderMail.send}.
	 * @return the origin
	 */
	public String origin() {
		String text = this.origin.get();
		return (text.length() <= MAX_ORIGIN) ? text : text.substring(0, MAX_ORIGIN);
	}

	/**
	 * Return the {@link #id()} of the work that started this one.
	 * @return the id, or {@code null} if there is none
	 */
	public @Nullable Long parent() {
		return this.parent;
	}

	/**
	 * Return when the work began.
	 * @return the moment
	 */
	public Instant since() {
		return Instant.ofEpochMilli(this.since);
	}

	/**
	 * Return the thread that runs the work at this moment.
	 * @return the thread, or {@code null} if the work waits
	 */
	public @Nullable Thread thread() {
		return this.thread;
	}

	/**
	 * Return the context that the work runs in, to be read only.
	 * @return the context
	 */
	public Context context() {
		return this.context;
	}

	// Once it is known, by the thread that runs the work. Only the first name counts.
	boolean nameOrigin(Supplier<String> name) {
		if (this.named) {
			return false;
		}
		this.named = true;
		this.origin = name;
		return true;
	}

	/**
	 * The kinds of work that get a context of their own.
	 */
	public enum Kind {

		/** A request of a client, through all its dispatches. */
		REQUEST,

		/** One run of a task that was handed to an executor. */
		TASK,

		/** A call of a method that has its own scope. */
		SCOPED,

		/** One run of something that the application has scheduled. */
		SCHEDULED,

		/** One message of a listener. */
		LISTENER

	}

}
