package io.github.contextvars.spring.boot.autoconfigure;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.core.Ordered;

import io.github.contextvars.spring.registry.OutsideContextPolicy;

/**
 * {@link ConfigurationProperties @ConfigurationProperties} for context variables. The
 * switches {@code contextvars.*.enabled} are conditions, and described in
 * {@code additional-spring-configuration-metadata.json}.
 *
 * @since 0.1.0
 */
@ConfigurationProperties("contextvars")
public final class ContextVarsProperties {

	private final Web web = new Web();

	private final Task task = new Task();

	private final OutsideContext outsideContext = new OutsideContext();

	/**
	 * Comma-separated list of ThreadLocals of other libraries that propagate with
	 * contexts: security, mdc, locale, observation, request, keys of Micrometer's
	 * ContextRegistry, or * for all.
	 */
	private final Set<String> threadLocals = new LinkedHashSet<>();

	public Web getWeb() {
		return this.web;
	}

	public Task getTask() {
		return this.task;
	}

	public OutsideContext getOutsideContext() {
		return this.outsideContext;
	}

	public Set<String> getThreadLocals() {
		return this.threadLocals;
	}

	/**
	 * Properties of the servlet filter.
	 */
	public static final class Web {

		/**
		 * Order of the filter that enters the request's context.
		 */
		private int order = Ordered.HIGHEST_PRECEDENCE;

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
		 * Comma-separated list of names of executor and scheduler beans to leave alone.
		 */
		private final Set<String> exclude = new HashSet<>();

		public Set<String> getExclude() {
			return this.exclude;
		}

	}

	/**
	 * Properties of threads that are in no context.
	 */
	public static final class OutsideContext {

		/**
		 * What happens when a thread that is in no context sets a variable.
		 */
		private OutsideContextPolicy.Mode set = OutsideContextPolicy.Mode.REJECT;

		/**
		 * What happens when a thread that is in no context reads a declared variable,
		 * once the application is ready.
		 */
		private OutsideContextPolicy.Mode get = OutsideContextPolicy.Mode.WARN;

		public OutsideContextPolicy.Mode getSet() {
			return this.set;
		}

		public void setSet(OutsideContextPolicy.Mode set) {
			this.set = set;
		}

		public OutsideContextPolicy.Mode getGet() {
			return this.get;
		}

		public void setGet(OutsideContextPolicy.Mode get) {
			this.get = get;
		}

	}

}
