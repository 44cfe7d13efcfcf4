package io.github.contextvars.spring.autoconfigure;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.core.Ordered;

/**
 * Configuration properties for context variables.
 */
@ConfigurationProperties("contextvars")
public final class ContextVarsProperties {

	private final Web web = new Web();

	private final Task task = new Task();

	private final Scoped scoped = new Scoped();

	private final Live live = new Live();

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
	 * Properties of task decoration.
	 */
	public static final class Task {

		/**
		 * Whether tasks run in a copy of their submitter's context.
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

}
