package io.github.contextvars.spring.web.servlet;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletResponse;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.cglib.proxy.Enhancer;
import org.springframework.cglib.proxy.MethodInterceptor;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The streams of a request and its response do what the container's do, and call their
 * listeners in a copy of the request's context.
 */
class ContextPropagatingStreamTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

	private final WorkRegistry registry = WorkRegistry.tracking();

	private final Context context = new Context();

	private final MockHttpServletRequest request = new MockHttpServletRequest("GET", "/notes");

	private final MockHttpServletResponse response = new MockHttpServletResponse();

	private final List<String> seen = new ArrayList<>();

	private final List<String> calls = new ArrayList<>();

	private Object listener = this;

	private boolean answer = true;

	private ContextPropagatingRequestWrapper wrapper = wrapper();

	@BeforeEach
	void setTenant() {
		this.context.run(() -> TENANT.set("acme"));
		this.wrapper = wrapper();
	}

	private ContextPropagatingRequestWrapper wrapper() {
		return new ContextPropagatingRequestWrapper(this.request, this.registry, this.registry
			.create(UnitOfWork.Kind.REQUEST, ContextFilter.originOf(this.request), null, this.context));
	}

	@Test
	void streamsAreTheSameEachTime() throws IOException {
		HttpServletResponse propagating = this.wrapper.propagating(this.response);

		assertThat(this.wrapper.getInputStream()).isSameAs(this.wrapper.getInputStream());
		assertThat(propagating.getOutputStream()).isSameAs(propagating.getOutputStream());
		assertThat(this.wrapper.propagating(this.response)).isSameAs(propagating);
		assertThat(this.wrapper.propagating(propagating)).isSameAs(propagating);
		assertThat(this.wrapper.propagating(this.request)).isSameAs(this.wrapper);
		assertThat(this.wrapper.propagating(this.wrapper)).isSameAs(this.wrapper);
	}

	@Test
	void streamsAreThoseThatTheContainerHasNow() throws IOException {
		HttpServletResponse propagating = this.wrapper.propagating(new MockHttpServletResponse() {

			@Override
			public ServletOutputStream getOutputStream() {
				return recording(ServletOutputStream.class);
			}

		});
		this.request.setContent(new byte[] { 1 });
		ServletInputStream before = this.wrapper.getInputStream();
		this.request.setContent(new byte[] { 2 });

		assertThat(this.wrapper.getInputStream()).isNotSameAs(before);
		assertThat(this.wrapper.getInputStream().read()).isEqualTo(2);
		assertThat(propagating.getOutputStream()).isInstanceOf(ContextPropagatingOutputStream.class)
			.isNotSameAs(propagating.getOutputStream());
	}

	@Test
	void responseIsWrappedOnceForRequestsOfAllDispatches() {
		HttpServletResponse propagating = this.wrapper.propagating(this.response);

		ContextPropagatingRequestWrapper error = (ContextPropagatingRequestWrapper) this.wrapper
			.propagating(new MockHttpServletRequest("GET", "/error"));

		assertThat(error).isNotSameAs(this.wrapper);
		assertThat(error.unit()).isSameAs(this.wrapper.unit());
		assertThat(error.propagating(this.response)).isSameAs(propagating);
	}

	@Test
	void containerRefusesStreamsWhereThereIsReaderOrWriter() throws IOException {
		MockHttpServletResponse refusing = new MockHttpServletResponse() {

			@Override
			public ServletOutputStream getOutputStream() {
				throw new IllegalStateException("there is a writer");
			}

		};
		this.wrapper.getReader();

		assertThatExceptionOfType(IllegalStateException.class).isThrownBy(this.wrapper::getInputStream);
		assertThatExceptionOfType(IllegalStateException.class)
			.isThrownBy(() -> this.wrapper.propagating(refusing).getOutputStream());
	}

	@Test
	void everyMethodOfInputStreamIsTheContainers() throws Exception {
		ServletInputStream stream = new ContextPropagatingInputStream(recording(ServletInputStream.class),
				this.wrapper);

		assertEveryMethodIsDelegated(stream, ServletInputStream.class, InputStream.class);
	}

	@Test
	void everyMethodOfOutputStreamIsTheContainers() throws Exception {
		ServletOutputStream stream = new ContextPropagatingOutputStream(recording(ServletOutputStream.class),
				this.wrapper);

		assertEveryMethodIsDelegated(stream, ServletOutputStream.class, OutputStream.class);
	}

	@Test
	void readListenerIsCalledInCopies() throws IOException {
		new ContextPropagatingInputStream(recording(ServletInputStream.class), this.wrapper)
			.setReadListener(new ReadListener() {

				@Override
				public void onDataAvailable() throws IOException {
					see();
					throw new IOException("planned");
				}

				@Override
				public void onAllDataRead() {
					see();
				}

				@Override
				public void onError(Throwable failure) {
					see();
				}

			});
		ReadListener containers = (ReadListener) this.listener;

		assertThatExceptionOfType(IOException.class).isThrownBy(containers::onDataAvailable).withMessage("planned");
		containers.onAllDataRead();
		containers.onError(new IOException("planned"));

		assertThat(this.seen).containsExactly("acme task GET /notes onDataAvailable",
				"acme task GET /notes onAllDataRead", "acme task GET /notes onError");
		assertThat(this.context.get(TENANT)).isEqualTo("acme");
		assertThat(this.registry.list()).isEmpty();
	}

	@Test
	void writeListenerIsCalledInCopies() throws IOException {
		new ContextPropagatingOutputStream(recording(ServletOutputStream.class), this.wrapper)
			.setWriteListener(new WriteListener() {

				@Override
				public void onWritePossible() {
					see();
				}

				@Override
				public void onError(Throwable failure) {
					see();
				}

			});
		WriteListener containers = (WriteListener) this.listener;

		containers.onWritePossible();
		containers.onError(new IOException("planned"));

		assertThat(this.seen).containsExactly("acme task GET /notes onWritePossible", "acme task GET /notes onError");
		assertThat(this.context.get(TENANT)).isEqualTo("acme");
	}

	private void see() {
		UnitOfWork unit = this.registry.current();
		this.seen.add(TENANT.get() + " " + ((unit != null) ? unit.kind() + " " + unit.origin() : "outside"));
		TENANT.set("changed");
	}

	// The container's stream, which notes what is called and does nothing.
	private <T> T recording(Class<T> type) {
		return type.cast(Enhancer.create(type, (MethodInterceptor) (stream, method, arguments, proxy) -> {
			this.calls.add(method.getName() + List.of(method.getParameterTypes()));
			if (method.getName().endsWith("Listener")) {
				this.listener = arguments[0];
			}
			return switch (method.getReturnType().getName()) {
				case "int" -> 7;
				case "long" -> 7L;
				case "boolean" -> this.answer;
				case "[B" -> new byte[7];
				default -> null;
			};
		}));
	}

	private void assertEveryMethodIsDelegated(Object stream, Class<?>... types) throws Exception {
		List<Method> methods = Stream.of(types)
			.flatMap((type) -> Stream.of(type.getDeclaredMethods()))
			.filter((method) -> Modifier.isPublic(method.getModifiers()) && !Modifier.isStatic(method.getModifiers()))
			.toList();
		assertThat(methods).hasSizeGreaterThan(15);
		for (Method method : methods) {
			this.calls.clear();
			call(stream, method);
			assertThat(this.calls).as(method.toString())
				.containsExactly(method.getName() + List.of(method.getParameterTypes()));
			this.answer = !this.answer;
			call(stream, method);
		}
	}

	private void call(Object stream, Method method) throws Exception {
		Object[] arguments = Stream.of(method.getParameterTypes())
			.map(ContextPropagatingStreamTests::argument)
			.toArray();
		Object result = method.invoke(stream, arguments);
		if (method.getReturnType() == boolean.class) {
			assertThat(result).as(method.toString()).isEqualTo(this.answer);
		}
		else if (method.getReturnType() != void.class) {
			assertThat((result instanceof byte[] bytes) ? bytes.length : ((Number) result).intValue())
				.as(method.toString())
				.isEqualTo(7);
		}
	}

	private static Object argument(Class<?> type) {
		return switch (type.getSimpleName()) {
			case "int" -> 1;
			case "long" -> 1L;
			case "float" -> 1F;
			case "double" -> 1D;
			case "char" -> 'c';
			case "boolean" -> true;
			case "String" -> "text";
			case "byte[]" -> new byte[7];
			case "ByteBuffer" -> ByteBuffer.allocate(7);
			case "OutputStream" -> new ByteArrayOutputStream();
			case "ReadListener" -> new ReadListener() {

				@Override
				public void onDataAvailable() {
				}

				@Override
				public void onAllDataRead() {
				}

				@Override
				public void onError(Throwable failure) {
				}

			};
			default -> new WriteListener() {

				@Override
				public void onWritePossible() {
				}

				@Override
				public void onError(Throwable failure) {
				}

			};
		};
	}

}
