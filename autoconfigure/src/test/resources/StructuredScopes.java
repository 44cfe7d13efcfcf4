import java.util.concurrent.StructuredTaskScope;

import io.github.contextvars.Context;
import io.github.contextvars.ContextExecutors;
import io.github.contextvars.ContextVar;

/** Run from its source by a JVM of its own, with the preview API of JDK 25. */
public final class StructuredScopes {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

	private static final ContextVar<String> STEP = ContextVar.of("step", "none");

	public static void main(String[] args) throws Exception {
		new Context().call(() -> {
			TENANT.set("acme");
			try (var scope = open()) {
				var first = scope.fork(StructuredScopes::swap);
				var second = scope.fork(StructuredScopes::swap);
				var nested = scope.fork(() -> {
					swap();
					try (var inner = open()) {
						var task = inner.fork(StructuredScopes::swap);
						inner.join();
						return task.get();
					}
				});
				scope.join();
				System.out.println("first: " + first.get());
				System.out.println("second: " + second.get());
				System.out.println("nested: " + nested.get());
			}
			System.out.println("owner: " + TENANT.get() + ", " + STEP.get());
			return null;
		});
		boolean[] inContext = { true };
		Context.onSetOutside((variable) -> inContext[0] = false);
		TENANT.set("probe");
		System.out.println("left: " + inContext[0]);
	}

	private static StructuredTaskScope<String, Void> open() {
		return StructuredTaskScope.open(StructuredTaskScope.Joiner.<String>awaitAllSuccessfulOrThrow(),
				(configuration) -> configuration.withThreadFactory(ContextExecutors.wrap(Thread.ofVirtual().factory())));
	}

	private static String swap() {
		String seen = TENANT.get() + ", " + STEP.get();
		TENANT.set("the task's");
		STEP.set("the task's");
		return seen;
	}

}
