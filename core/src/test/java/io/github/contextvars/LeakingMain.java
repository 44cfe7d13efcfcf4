package io.github.contextvars;

/**
 * Program that leaks a scope, in another JVM and without the test libraries.
 */
public final class LeakingMain {

	private static final ContextVar<String> VAR = ContextVar.of("where");

	private LeakingMain() {
	}

	public static void main(String[] args) throws Exception {
		new Context().run(LeakingMain::leak);
		Context.Scope scope = new Context().enter();
		Thread closer = new Thread(() -> closeOnWrongThread(scope));
		closer.start();
		closer.join();
	}

	private static void leak() {
		Context context = new Context();
		context.run(() -> VAR.set("secret"));
		context.enter();
	}

	private static void closeOnWrongThread(Context.Scope scope) {
		try {
			scope.close();
			System.out.println("close() did not fail");
		}
		catch (IllegalStateException ex) {
			Throwable cause = ex.getCause();
			System.out.println(
					"close() failed as it should, caused by: " + ((cause != null) ? cause.getMessage() : "nothing"));
		}
	}

}
