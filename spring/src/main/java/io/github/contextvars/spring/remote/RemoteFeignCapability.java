package io.github.contextvars.spring.remote;

import java.net.URI;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import feign.Capability;
import feign.Client;
import feign.Request;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

/**
 * {@link Capability} that adds the values of variables to the requests of a Feign client.
 * An observation does not tell whether a request follows redirects; its options do, for
 * clients that are known to obey them.
 * <p>
 * Internal: public for Feign only, which calls it by reflection.
 *
 * @since 0.1.0
 */
public final class RemoteFeignCapability implements Capability {

	private static final Log logger = LogFactory.getLog(RemoteFeignCapability.class);

	private static final Set<String> OBEYING = Set.of("feign.Client$Default", "feign.Client$Proxied",
			"feign.DefaultClient", "feign.hc5.ApacheHttp5Client", "feign.okhttp.OkHttpClient");

	private static final Set<String> BALANCING = Set.of(
			"org.springframework.cloud.openfeign.loadbalancer.FeignBlockingLoadBalancerClient",
			"org.springframework.cloud.openfeign.loadbalancer.RetryableFeignBlockingLoadBalancerClient");

	private static final String DELEGATE = "delegate";

	private static final String REMEDY = "Set 'spring.cloud.openfeign.client.config.default.follow-redirects=false',"
			+ " and use the client of Feign itself, of HttpComponents or of OkHttp.";

	private final RemoteSender sender;

	RemoteFeignCapability(RemoteSender sender) {
		this.sender = sender;
	}

	@Override
	public Client enrich(Client client) {
		return (request, options) -> client.execute(withValues(request, options, client), options);
	}

	private Request withValues(Request request, Request.Options options, Client client) {
		try {
			return this.sender.isNamed(URI.create(request.url())) ? add(request, options, client) : request;
		}
		catch (RuntimeException | LinkageError ex) {
			logger.warn("Variables could not be sent with Feign", ex);
			return request;
		}
	}

	private Request add(Request request, Request.Options options, Client client) {
		Object sending = BALANCING.contains(client.getClass().getName()) ? RedirectCheck.field(client, DELEGATE)
				: client;
		if (options.isFollowRedirects() || !OBEYING.contains(sending.getClass().getName())) {
			this.sender.refuse("Feign with " + sending.getClass().getSimpleName(), REMEDY);
			return request;
		}
		Map<String, Collection<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
		headers.putAll(request.headers());
		this.sender.addTo("http", (name) -> {
			Collection<String> present = headers.get(name);
			return (present != null && !present.isEmpty()) ? String.join(",", present) : null;
		}, (name, value) -> headers.put(name, Set.of(value)));
		return Request.create(request.httpMethod(), request.url(), headers, request.body(), request.charset(),
				request.requestTemplate());
	}

	/**
	 * {@link RuntimeHintsRegistrar} for what is called and read by reflection.
	 */
	static final class Hints implements RuntimeHintsRegistrar {

		@Override
		public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
			hints.reflection().registerType(RemoteFeignCapability.class, MemberCategory.INVOKE_PUBLIC_METHODS);
			BALANCING.forEach((type) -> hints.reflection()
				.registerTypeIfPresent(classLoader, type, (hint) -> hint.withField(DELEGATE)));
		}

	}

}
