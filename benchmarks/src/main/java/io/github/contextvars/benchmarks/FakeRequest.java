package io.github.contextvars.benchmarks;

import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;

/**
 * Request for {@link FilterBenchmark} that costs nearly nothing and is recycled as a
 * container's is.
 */
final class FakeRequest extends HttpServletRequestWrapper {

	static final HttpServletResponse RESPONSE = refusing(HttpServletResponse.class);

	private final Map<String, Object> attributes = new HashMap<>();

	FakeRequest() {
		super(refusing(HttpServletRequest.class));
	}

	void recycle() {
		this.attributes.clear();
	}

	@Override
	public Object getAttribute(String name) {
		return this.attributes.get(name);
	}

	@Override
	public void setAttribute(String name, Object value) {
		this.attributes.put(name, value);
	}

	@Override
	public void removeAttribute(String name) {
		this.attributes.remove(name);
	}

	@Override
	public DispatcherType getDispatcherType() {
		return DispatcherType.REQUEST;
	}

	@Override
	public String getMethod() {
		return "GET";
	}

	@Override
	public String getRequestURI() {
		return "/orders/7";
	}

	private static <T> T refusing(Class<T> type) {
		return type
			.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] { type }, (proxy, method, arguments) -> {
				throw new UnsupportedOperationException(method.toString());
			}));
	}

}
