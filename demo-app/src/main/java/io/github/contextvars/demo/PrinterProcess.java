package io.github.contextvars.demo;

import org.jspecify.annotations.Nullable;
import org.springframework.aot.AotDetector;
import org.springframework.boot.Banner;
import org.springframework.boot.artemis.autoconfigure.ArtemisProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

import io.github.contextvars.printer.PrinterApplication;

/**
 * Starts the printer with Notebook, in the same process and on a free port, so that the
 * demo needs one command. A real printer is started elsewhere.
 */
@Component
final class PrinterProcess implements SmartLifecycle {

	private final int broker;

	private volatile @Nullable ConfigurableApplicationContext printer;

	PrinterProcess(ArtemisProperties artemis) {
		this.broker = artemis.getEmbedded().getServerId();
	}

	/**
	 * Return the address of the printer.
	 * @return an address that ends with the port
	 * @throws ProblemException with status 503 if the printer is not running
	 */
	String uri() {
		ConfigurableApplicationContext running = this.printer;
		if (running == null) {
			throw ProblemException.unavailable("The printer is not running");
		}
		return "http://127.0.0.1:" + running.getEnvironment().getRequiredProperty("local.server.port");
	}

	// What was generated ahead of time is for Notebook only.
	@Override
	public boolean isAutoStartup() {
		return !AotDetector.useGeneratedArtifacts();
	}

	@Override
	public void start() {
		this.printer = PrinterApplication.builder()
			.bannerMode(Banner.Mode.OFF)
			.registerShutdownHook(false)
			.run("--server.port=0", "--spring.artemis.broker-url=vm://" + this.broker);
	}

	@Override
	public void stop() {
		ConfigurableApplicationContext running = this.printer;
		this.printer = null;
		if (running != null) {
			running.close();
		}
	}

	@Override
	public boolean isRunning() {
		return this.printer != null;
	}

}
