package io.github.contextvars.spring.boot.autoconfigure;

import java.util.HashSet;
import java.util.Set;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.core.Ordered;

import io.github.contextvars.spring.registry.OutsideContextPolicy;

/**
 * Configuration properties for context variables.
 */
@ConfigurationProperties("contextvars")
public final class ContextVarsProperties {

	private final Web web = new Web();

	private final Task task = new Task();

	private final Scoped scoped = new Scoped();

	private final Live live = new Live();

	private final Logs logs = new Logs();

	private final Metrics metrics = new Metrics();

	/**
	 * What happens when a thread sets a variable outside of any context.
	 */
	private OutsideContextPolicy.Mode baseContext = OutsideContextPolicy.Mode.WARN;

	public Web getWeb() {
		return this.web;
	}

	public Task getTask() {
		return this.task;
	}

	public Scoped getScoped() {
		return this.scoped;
	}

	public Live getLive() {
		return this.live;
	}

	public Logs getLogs() {
		return this.logs;
	}

	public Metrics getMetrics() {
		return this.metrics;
	}

	public OutsideContextPolicy.Mode getBaseContext() {
		return this.baseContext;
	}

	public void setBaseContext(OutsideContextPolicy.Mode baseContext) {
		this.baseContext = baseContext;
	}

	/**
	 * Properties of the servlet filter.
	 */
	public static final class Web {

		/**
		 * Whether each request gets its own context.
		 */
		private boolean enabled = true;

		/**
		 * Order of the filter that enters the request's context.
		 */
		private int order = Ordered.HIGHEST_PRECEDENCE;

		public boolean isEnabled() {
			return this.enabled;
		}

		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

		public int getOrder() {
			return this.order;
		}

		public void setOrder(int order) {
			this.order = order;
		}

	}

	/**
	 * Properties of tasks.
	 */
	public static final class Task {

		/**
		 * Whether tasks run in a copy of their submitter's context.
		 */
		private boolean enabled = true;

		/**
		 * Which executor and scheduler beans are covered.
		 */
		private Executors executors = Executors.ALL;

		/**
		 * Names of executor beans to leave alone.
		 */
		private final Set<String> exclude = new HashSet<>();

		public Executors getExecutors() {
			return this.executors;
		}

		public void setExecutors(Executors executors) {
			this.executors = executors;
		}

		public Set<String> getExclude() {
			return this.exclude;
		}

		public boolean isEnabled() {
			return this.enabled;
		}

		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

	}

	/**
	 * Which executor beans are covered.
	 */
	public enum Executors {

		/** Every executor and scheduler bean. */
		ALL,

		/** Those that Spring Boot defines or builds. */
		BOOT

	}

	/**
	 * Properties of scoped methods.
	 */
	public static final class Scoped {

		/**
		 * Whether '@ContextScoped' is honoured.
		 */
		private boolean enabled = true;

		public boolean isEnabled() {
			return this.enabled;
		}

		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

	}

	/**
	 * Properties of the list of running contexts.
	 */
	public static final class Live {

		/**
		 * Whether running contexts are tracked for the endpoint.
		 */
		private boolean enabled = true;

		public boolean isEnabled() {
			return this.enabled;
		}

		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

	}

	/**
	 * Properties of log events.
	 */
	public static final class Logs {

		/**
		 * Whether log events carry logged variables in their MDC.
		 */
		private boolean enabled = true;

		public boolean isEnabled() {
			return this.enabled;
		}

		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

	}

	/**
	 * Properties of meters and observations.
	 */
	public static final class Metrics {

		/**
		 * Whether meters are registered and observations carry observed variables.
		 */
		private boolean enabled = true;

		public boolean isEnabled() {
			return this.enabled;
		}

		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

	}

}
