package io.github.contextvars;

import java.util.ResourceBundle;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/**
 * Program that leaks a scope in a JVM whose loggers are found by code that enters a
 * context on another thread and waits for it, as a logging system that starts late does.
 */
public final class LoggerMain {

	private LoggerMain() {
	}

	public static void main(String[] args) {
		new Context().run(() -> new Context().enter());
	}

	/**
	 * Finder of loggers that print what is logged.
	 */
	public static final class Finder extends System.LoggerFinder {

		@Override
		public System.Logger getLogger(String name, Module module) {
			if (name.startsWith("io.github.contextvars")) {
				FutureTask<Boolean> other = new FutureTask<>(() -> new Context().call(() -> true));
				Thread thread = new Thread(other, "finder");
				thread.setDaemon(true);
				thread.start();
				try {
					other.get(20, TimeUnit.SECONDS);
				}
				catch (Exception ex) {
					System.out.println("the other thread could not enter a context: " + ex);
				}
			}
			return new Printer(name);
		}

	}

	private static final class Printer implements System.Logger {

		private final String name;

		private Printer(String name) {
			this.name = name;
		}

		@Override
		public String getName() {
			return this.name;
		}

		@Override
		public boolean isLoggable(Level level) {
			return true;
		}

		@Override
		public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
			System.out.println(message);
		}

		@Override
		public void log(Level level, ResourceBundle bundle, String format, Object... arguments) {
			System.out.println(format);
		}

	}

}
