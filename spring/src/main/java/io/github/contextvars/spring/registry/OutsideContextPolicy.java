package io.github.contextvars.spring.registry;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;

/**
 * What happens when a thread sets a variable outside of any context: the value would stay
 * with the thread, for whatever runs there next. There is one such decision for the whole
 * of the JVM; where several applications share it, that of the youngest counts.
 */
public final class OutsideContextPolicy implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(OutsideContextPolicy.class);

	private static final List<OutsideContextPolicy> ACTIVE = new CopyOnWriteArrayList<>();

	private final Mode mode;

	private final LongAdder count = new LongAdder();

	private OutsideContextPolicy(Mode mode) {
		this.mode = mode;
	}

	/**
	 * Put a policy in force until it is closed.
	 * @param mode what to do
	 * @return the policy
	 */
	public static OutsideContextPolicy install(Mode mode) {
		OutsideContextPolicy policy = new OutsideContextPolicy(mode);
		synchronized (ACTIVE) {
			ACTIVE.add(policy);
			Context.onSetOutside(OutsideContextPolicy::decide);
		}
		return policy;
	}

	/**
	 * Return how often this policy has warned or rejected.
	 * @return the number
	 */
	public long count() {
		return this.count.sum();
	}

	@Override
	public void close() {
		synchronized (ACTIVE) {
			if (ACTIVE.remove(this) && ACTIVE.isEmpty()) {
				Context.onSetOutside(null);
			}
		}
	}

	private static void decide(ContextVar<?> variable) {
		OutsideContextPolicy youngest = null;
		for (OutsideContextPolicy policy : ACTIVE) {
			youngest = policy;
		}
		if (youngest == null || youngest.mode == Mode.ALLOW) {
			return;
		}
		youngest.count.increment();
		boolean rejected = youngest.mode == Mode.REJECT;
		String message = "Context variable '" + variable.name() + "' is set by thread '"
				+ Thread.currentThread().getName() + "' outside of any context"
				+ (rejected ? ". " : ": the value stays with the thread, for whatever runs there next. ")
				+ "Hand the work over through an executor bean or through ContextExecutors.wrap(executor), or run it in"
				+ " new Context().run(...); order a filter behind the context filter. 'contextvars.base-context'"
				+ " decides what happens here: allow, warn or reject.";
		if (rejected) {
			throw new IllegalStateException(message);
		}
		logger.warn(message);
	}

	/**
	 * What to do.
	 */
	public enum Mode {

		/** Let it pass. */
		ALLOW,

		/** Let it pass, and log a warning. */
		WARN,

		/** Throw an {@link IllegalStateException}. */
		REJECT

	}

}
