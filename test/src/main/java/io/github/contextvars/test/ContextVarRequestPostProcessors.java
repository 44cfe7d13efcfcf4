package io.github.contextvars.test;

import java.util.LinkedHashMap;
import java.util.Map;

import jakarta.servlet.ServletRequest;
import org.jspecify.annotations.Nullable;
import org.springframework.test.web.servlet.request.RequestPostProcessor;

import io.github.contextvars.ContextVar;

/**
 * {@link RequestPostProcessor}s that set context variables of a request with MockMvc,
 * before all filters of the application:
 *
 * <pre>{@code
 * this.mvc.get()
 *     .uri("/greeting")
 *     .with(ContextVarRequestPostProcessors.contextVar(TenantInterceptor.TENANT, "acme"))
 * }</pre>
 *
 * A request has a context of its own, as on a server, and does not see the values of the
 * test's thread. For all requests of a client, {@code RestTestClient} included, use
 * {@code defaultRequest} of the {@code MockMvc} that it is bound to.
 * <p>
 * The values are set by the filter of an application context that Spring's test framework
 * has loaded.
 *
 * @since 0.1.0
 */
public final class ContextVarRequestPostProcessors {

	private static final String ATTRIBUTE = ContextVarRequestPostProcessors.class.getName() + ".VALUES";

	private ContextVarRequestPostProcessors() {
	}

	/**
	 * Return a post-processor that sets a variable.
	 * @param <T> the type of the value
	 * @param variable the variable
	 * @param value the value
	 * @return a post-processor, for {@code with}
	 */
	public static <T extends @Nullable Object> RequestPostProcessor contextVar(ContextVar<T> variable, T value) {
		return (request) -> {
			Map<ContextVar<?>, @Nullable Object> values = new LinkedHashMap<>(values(request));
			values.put(variable, value);
			request.setAttribute(ATTRIBUTE, values);
			return request;
		};
	}

	@SuppressWarnings("unchecked")
	static Map<ContextVar<?>, @Nullable Object> values(ServletRequest request) {
		return (request.getAttribute(ATTRIBUTE) instanceof Map<?, ?> values)
				? (Map<ContextVar<?>, @Nullable Object>) values : Map.of();
	}

}
