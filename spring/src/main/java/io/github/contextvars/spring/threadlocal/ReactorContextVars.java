package io.github.contextvars.spring.threadlocal;

import java.util.function.Function;

import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.work.RunningApplications;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkSnapshot;

/**
 * Functions for {@code contextWrite}, which set context variables for what is subscribed
 * above it in the chain:
 *
 * <pre>{@code
 * chain.filter(exchange).contextWrite(ReactorContextVars.with(TENANT, tenant))
 * }</pre>
 *
 * Operators see the value in Reactor's automatic mode,
 * {@code spring.reactor.context-propagation=auto}, on every scheduler. A variable that an
 * operator sets itself is set for that operator only, as each signal runs in a copy.
 * <p>
 * May be used on any thread. Costs one copy of the subscriber's context, which is a
 * reference to it, for each subscription. The idea is that of Spring Security's
 * {@code ReactiveSecurityContextHolder}.
 *
 * @since 0.1.0
 * @see ContextThreadLocalAccessor
 */
public final class ReactorContextVars {

	private ReactorContextVars() {
	}

	/**
	 * Return a function that sets a variable. All others keep the values that they have
	 * in Reactor's context, or if that has none, on the thread that subscribes.
	 * @param <T> the type of the value
	 * @param variable the variable
	 * @param value the value
	 * @return a function for {@code contextWrite}
	 */
	public static <T extends @Nullable Object> Function<Context, Context> with(ContextVar<T> variable, T value) {
		return (context) -> write(context, snapshotOf(context).after(() -> variable.set(value)));
	}

	/**
	 * Write a snapshot into Reactor's context.
	 * <p>
	 * Internal: for the other packages of the library only.
	 * @param context that of Reactor
	 * @param snapshot what signals run in a copy of
	 * @return the changed context
	 */
	public static Context write(Context context, WorkSnapshot snapshot) {
		return context.put(ContextThreadLocalAccessor.KEY, new ContextThreadLocalAccessor.Captured(snapshot));
	}

	/**
	 * Return what the signals of a subscription run in a copy of.
	 * <p>
	 * Internal: for the other packages of the library only.
	 * @param context that of Reactor
	 * @return the snapshot in it, or if there is none, one of the calling thread
	 */
	public static WorkSnapshot snapshotOf(ContextView context) {
		Object captured = context.getOrDefault(ContextThreadLocalAccessor.KEY, null);
		return (captured instanceof ContextThreadLocalAccessor.Captured present) ? present.snapshot()
				: RunningApplications.workRegistry().captureContext(UnitOfWork.Kind.TASK);
	}

}
