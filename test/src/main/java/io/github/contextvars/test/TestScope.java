package io.github.contextvars.test;

import java.util.Collections;
import java.util.Map;
import java.util.TreeSet;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;

/**
 * Context of one test, entered by the thread that runs it. JUnit's extension and Spring's
 * listener share it: whichever comes first begins it, and ends it.
 */
final class TestScope {

	private static final ThreadLocal<@Nullable TestScope> CURRENT = new ThreadLocal<>();

	private final Object owner;

	private final Context context = new Context();

	private final Context.Scope scope = this.context.enter();

	private final int depth = Context.depth();

	private boolean resolved;

	private TestScope(Object owner) {
		this.owner = owner;
	}

	static @Nullable TestScope current() {
		return CURRENT.get();
	}

	static TestScope begin(Object owner) {
		TestScope present = CURRENT.get();
		if (present == null) {
			present = new TestScope(owner);
			CURRENT.set(present);
		}
		return present;
	}

	/**
	 * End the calling thread's test, if it was begun by the owner.
	 * @param owner what may have begun it
	 * @throws AssertionError if the test has left contexts entered
	 */
	static void end(Object owner) {
		TestScope present = CURRENT.get();
		if (present != null && present.owner.equals(owner)) {
			CURRENT.remove();
			present.end();
		}
	}

	// Closing the test's own context leaves all that lie above it.
	private void end() {
		int left = Context.depth() - this.depth;
		TreeSet<String> names = new TreeSet<>();
		Context.copyOfCurrent().keySet().forEach((variable) -> names.add(variable.name()));
		this.scope.close();
		if (left > 0) {
			throw new AssertionError("The test has left " + ((left == 1) ? "a context" : left + " contexts")
					+ " entered on thread '" + Thread.currentThread().getName() + "'. The innermost one has "
					+ (names.isEmpty() ? "no variables" : "the variables " + names)
					+ ". Close each Scope, for example with try-with-resources."
					+ " With -Dcontextvars.trace=true, the log shows where it was opened.");
		}
	}

	// Set what annotations say, in the current context.
	void resolve(Map<ContextVar<?>, @Nullable Object> values) {
		set(values);
		this.resolved = true;
	}

	boolean isResolved() {
		return this.resolved;
	}

	// For another thread that runs the same test.
	Context copy() {
		return this.context.copy();
	}

	@SuppressWarnings("unchecked")
	static void set(Map<ContextVar<?>, @Nullable Object> values) {
		values.forEach((variable, value) -> ((ContextVar<@Nullable Object>) variable).set(value));
	}

	static void setIfAbsent(Map<ContextVar<?>, @Nullable Object> values) {
		Context present = Context.copyOfCurrent();
		values.forEach((variable, value) -> {
			if (!present.containsKey(variable)) {
				set(Collections.singletonMap(variable, value));
			}
		});
	}

}
