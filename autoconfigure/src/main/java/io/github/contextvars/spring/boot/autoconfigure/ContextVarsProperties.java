package io.github.contextvars.spring.boot.autoconfigure;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.core.Ordered;

import io.github.contextvars.spring.fill.ContextFillConfiguration;
import io.github.contextvars.spring.registry.OutsideContextPolicy;
import io.github.contextvars.spring.remote.ContextRemoteConfiguration;

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

	/**
	 * How variables are filled when a request, session or call begins, by the names of
	 * variables.
	 */
	private final Map<String, Fill> fill = new LinkedHashMap<>();

	private final Remote remote = new Remote();

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

	public Map<String, Fill> getFill() {
		return this.fill;
	}

	public Remote getRemote() {
		return this.remote;
	}

	/**
	 * Properties of values that cross processes.
	 */
	public static final class Remote {

		/**
		 * Comma-separated list of variables that are sent.
		 */
		private final Set<String> send = new LinkedHashSet<>();

		/**
		 * Comma-separated list of destinations: hosts, such as orders, localhost:8081 or
		 * *.internal, and kafka, rabbit, jms, grpc.
		 */
		private final Set<String> sendTo = new LinkedHashSet<>();

		/**
		 * Comma-separated list of variables that are received.
		 */
		private final Set<String> receive = new LinkedHashSet<>();

		/**
		 * Comma-separated list of trusted sources: networks of HTTP and gRPC peers, such
		 * as 10.0.0.0/8, and kafka, rabbit, jms, grpc.
		 */
		private final Set<String> receiveFrom = new LinkedHashSet<>();

		/**
		 * How values are written.
		 */
		private ContextRemoteConfiguration.Format format = ContextRemoteConfiguration.Format.HEADERS;

		/**
		 * Whether the id of the sending unit of work crosses, too, to the same
		 * destinations and from the same sources.
		 */
		private boolean parent;

		public Set<String> getSend() {
			return this.send;
		}

		public Set<String> getSendTo() {
			return this.sendTo;
		}

		public Set<String> getReceive() {
			return this.receive;
		}

		public Set<String> getReceiveFrom() {
			return this.receiveFrom;
		}

		public ContextRemoteConfiguration.Format getFormat() {
			return this.format;
		}

		public void setFormat(ContextRemoteConfiguration.Format format) {
			this.format = format;
		}

		public boolean isParent() {
			return this.parent;
		}

		public void setParent(boolean parent) {
			this.parent = parent;
		}

	}

	/**
	 * Properties of a variable that is filled.
	 */
	public static final class Fill {

		/**
		 * Claim of a JWT or attribute of an OAuth2 user that holds the value.
		 */
		private @Nullable String claim;

		/**
		 * Whether the value is the authenticated user.
		 */
		private boolean principal;

		/**
		 * Header of a request that holds the value.
		 */
		private @Nullable String header;

		/**
		 * Regular expression that the value of the header has to match.
		 */
		private String pattern = ContextFillConfiguration.Variable.DEFAULT_PATTERN;

		/**
		 * Whether a request without a value is rejected with status 400.
		 */
		private boolean required;

		public @Nullable String getClaim() {
			return this.claim;
		}

		public void setClaim(@Nullable String claim) {
			this.claim = claim;
		}

		public boolean isPrincipal() {
			return this.principal;
		}

		public void setPrincipal(boolean principal) {
			this.principal = principal;
		}

		public @Nullable String getHeader() {
			return this.header;
		}

		public void setHeader(@Nullable String header) {
			this.header = header;
		}

		public String getPattern() {
			return this.pattern;
		}

		public void setPattern(String pattern) {
			this.pattern = pattern;
		}

		public boolean isRequired() {
			return this.required;
		}

		public void setRequired(boolean required) {
			this.required = required;
		}

	}

	/**
	 * Properties of the servlet filter.
	 */
	public static final class Web {

		/**
		 * Order of the servlet filter that enters the request's context.
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
