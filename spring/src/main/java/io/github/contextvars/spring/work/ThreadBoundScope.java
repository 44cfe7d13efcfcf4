package io.github.contextvars.spring.work;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;

/**
 * Scope of a unit of work that one callback of a framework opens and a later callback on
 * the same thread closes. For frameworks that offer no method around the work.
 * <p>
 * May be used on any thread; each thread has a scope of its own. A scope that a framework
 * has not closed is closed when the thread opens the next one.
 * <p>
 * Internal: public for the other packages of the library only.
 *
 * @since 0.1.0
 * @see WorkRegistry#enter
 */
public final class ThreadBoundScope {

	@SuppressWarnings("ThreadLocalUsage") // one for each integration, as long as it lives
	private final ThreadLocal<Opened> opened = new ThreadLocal<>();

	/**
	 * Enter a unit of work's context until {@link #close()}.
	 * @param registry enters the context
	 * @param unit the unit of work, new or left before
	 * @throws IllegalStateException if the unit's context is already entered
	 */
	public void open(WorkRegistry registry, UnitOfWork unit) {
		close();
		this.opened.set(new Opened(unit, registry.enter(unit)));
	}

	/**
	 * Return the unit of work that the calling thread has opened here.
	 * @return the unit of work, or {@code null} if there is none
	 */
	public @Nullable UnitOfWork current() {
		Opened present = this.opened.get();
		return (present != null) ? present.unit() : null;
	}

	/**
	 * Leave the unit of work's context, and those that were entered inside it.
	 * @return the unit of work, which may be opened again, or {@code null} if there is
	 * none
	 */
	public @Nullable UnitOfWork close() {
		Opened present = this.opened.get();
		if (present == null) {
			return null;
		}
		this.opened.remove();
		present.scope().close();
		return present.unit();
	}

	private record Opened(UnitOfWork unit, Context.Scope scope) {

	}

}
