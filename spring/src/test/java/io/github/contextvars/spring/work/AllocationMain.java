package io.github.contextvars.spring.work;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

import com.sun.management.ThreadMXBean;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;
import org.springframework.core.task.TaskDecorator;
import org.springframework.web.filter.OncePerRequestFilter;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.task.ContextTaskDecorator;
import io.github.contextvars.spring.web.servlet.ContextFilter;

/**
 * Prints the bytes that a request and a task allocate, for {@link AllocationTests}.
 */
public final class AllocationMain {

	private static final int ROUNDS = 20;

	private static final int OPERATIONS = 500;

	private final FakeRequest request = new FakeRequest();

	private Object seen = this;

	public static void main(String[] arguments) throws Exception {
		AllocationMain measurement = new AllocationMain();
		System.out.println("request: " + measurement.bytesOfRequest(WorkRegistry.nonTracking()));
		System.out.println("tracked request: " + measurement.bytesOfRequest(WorkRegistry.tracking()));
		System.out.println("task: " + measurement.bytesOfTask(WorkRegistry.nonTracking()));
		System.out.println("tracked task: " + measurement.bytesOfTask(WorkRegistry.tracking()));
	}

	// Without what the fakes allocate: an entry for each attribute.
	private long bytesOfRequest(WorkRegistry registry) throws Exception {
		ContextFilter filter = new ContextFilter(registry);
		FilterChain chain = (request, response) -> this.seen = request;
		HttpServletResponse response = refusing(HttpServletResponse.class);
		OncePerRequestFilter passingOn = new OncePerRequestFilter() {

			@Override
			protected String getAlreadyFilteredAttributeName() {
				return "filtered";
			}

			@Override
			protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
					throws ServletException, IOException {
				request.setAttribute("other", this);
				chain.doFilter(request, response);
			}

		};
		return bytes(() -> filter(filter, response, chain)) - bytes(() -> filter(passingOn, response, chain));
	}

	private Object filter(OncePerRequestFilter filter, HttpServletResponse response, FilterChain chain)
			throws ServletException, IOException {
		this.request.attributes.clear();
		filter.doFilter(this.request, response, chain);
		return this.seen;
	}

	private long bytesOfTask(WorkRegistry registry) throws Exception {
		TaskDecorator decorator = new ContextTaskDecorator(registry);
		List<ContextVar<String>> variables = new ArrayList<>();
		for (int i = 0; i < 10; i++) {
			variables.add(ContextVar.of("variable " + i));
		}
		Runnable task = () -> this.seen = variables.get(9).get();
		return new Context().call(() -> {
			variables.forEach((variable) -> variable.set("value"));
			// On the same thread, which is in a context already.
			return bytes(() -> {
				decorator.decorate(task).run();
				return this.seen;
			});
		});
	}

	private static long bytes(Callable<Object> operation) throws Exception {
		ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
		long least = Long.MAX_VALUE;
		for (int round = 0; round < ROUNDS; round++) {
			long before = threads.getCurrentThreadAllocatedBytes();
			for (int i = 0; i < OPERATIONS; i++) {
				operation.call();
			}
			least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
		}
		return least / OPERATIONS;
	}

	private static <T> T refusing(Class<T> type) {
		return type
			.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] { type }, (proxy, method, arguments) -> {
				throw new UnsupportedOperationException(method.toString());
			}));
	}

	private static final class FakeRequest extends HttpServletRequestWrapper {

		private final Map<String, Object> attributes = new HashMap<>();

		FakeRequest() {
			super(refusing(HttpServletRequest.class));
		}

		@Override
		public @Nullable Object getAttribute(String name) {
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

	}

}
