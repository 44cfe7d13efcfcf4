package io.github.contextvars.spring.web.servlet;

import java.lang.reflect.Field;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.aot.hint.TypeReference;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.util.ReflectionUtils;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.context.request.async.DeferredResultProcessingInterceptor;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerAdapter;

/**
 * Bean post-processor that has the {@link DeferredResultProcessingInterceptor}s of Spring
 * MVC called in a copy of the request's context where the thread that sets the result
 * calls them, which may belong to another request.
 * <p>
 * All other callbacks are called on the request's thread or by the container, whose
 * callbacks propagate. An interceptor that is registered for a single request is not
 * reached: Spring MVC has no hook between the interceptors of one request.
 */
final class DeferredResultInterceptorBeanPostProcessor implements BeanPostProcessor {

	private static final String INTERCEPTORS = "deferredResultInterceptors";

	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		if (bean instanceof RequestMappingHandlerAdapter adapter
				&& interceptorsOf(adapter) instanceof DeferredResultProcessingInterceptor[] interceptors) {
			adapter.setDeferredResultInterceptors(
					Stream.of(interceptors).<DeferredResultProcessingInterceptor>map(ContextInterceptor::new).toList());
		}
		return bean;
	}

	// There is a setter only.
	private static @Nullable Object interceptorsOf(RequestMappingHandlerAdapter adapter) {
		Field field = ReflectionUtils.findField(RequestMappingHandlerAdapter.class, INTERCEPTORS);
		if (field == null) {
			return null;
		}
		ReflectionUtils.makeAccessible(field);
		return ReflectionUtils.getField(field, adapter);
	}

	/**
	 * {@link RuntimeHintsRegistrar} for the field that is read.
	 */
	static final class Hints implements RuntimeHintsRegistrar {

		@Override
		public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
			hints.reflection()
				.registerType(TypeReference.of(RequestMappingHandlerAdapter.class),
						(hint) -> hint.withField(INTERCEPTORS));
		}

	}

	private record ContextInterceptor(
			DeferredResultProcessingInterceptor delegate) implements DeferredResultProcessingInterceptor {

		@Override
		public <T> void beforeConcurrentHandling(NativeWebRequest request, DeferredResult<T> result) throws Exception {
			this.delegate.beforeConcurrentHandling(request, result);
		}

		@Override
		public <T> void preProcess(NativeWebRequest request, DeferredResult<T> result) throws Exception {
			this.delegate.preProcess(request, result);
		}

		@Override
		public <T> void postProcess(NativeWebRequest request, DeferredResult<T> result,
				@Nullable Object concurrentResult) throws Exception {
			ContextPropagatingRequestWrapper wrapper = request.getNativeRequest(ContextPropagatingRequestWrapper.class);
			if (wrapper != null) {
				wrapper.runInCopy("postProcess", () -> this.delegate.postProcess(request, result, concurrentResult));
			}
			else {
				this.delegate.postProcess(request, result, concurrentResult);
			}
		}

		@Override
		public <T> boolean handleTimeout(NativeWebRequest request, DeferredResult<T> result) throws Exception {
			return this.delegate.handleTimeout(request, result);
		}

		@Override
		public <T> boolean handleError(NativeWebRequest request, DeferredResult<T> result, Throwable ex)
				throws Exception {
			return this.delegate.handleError(request, result, ex);
		}

		@Override
		public <T> void afterCompletion(NativeWebRequest request, DeferredResult<T> result) throws Exception {
			this.delegate.afterCompletion(request, result);
		}

	}

}
