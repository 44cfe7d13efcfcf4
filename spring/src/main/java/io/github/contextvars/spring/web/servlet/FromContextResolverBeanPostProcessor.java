package io.github.contextvars.spring.web.servlet;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.method.support.HandlerMethodArgumentResolverComposite;
import org.springframework.web.servlet.handler.HandlerExceptionResolverComposite;
import org.springframework.web.servlet.mvc.method.annotation.ExceptionHandlerExceptionResolver;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerAdapter;

import io.github.contextvars.spring.annotation.FromContext;

/**
 * Bean post-processor that puts the resolver of {@link FromContext} before Spring MVC's
 * own. Those would bind a {@code Locale}, a {@code ZoneId} or a {@code Reader} to that of
 * the request, whatever its annotation. {@code WebMvcConfigurer}s, whose resolvers come
 * after them, are not asked if an application extends {@code WebMvcConfigurationSupport}
 * or defines an adapter bean: Spring would take the value from what the client sends.
 */
final class FromContextResolverBeanPostProcessor implements BeanPostProcessor {

	private final Supplier<FromContextArgumentResolver> resolver;

	/**
	 * Create a post-processor.
	 * @param resolver the resolver; asked for when it is needed, as post-processors are
	 * created before most beans
	 */
	FromContextResolverBeanPostProcessor(Supplier<FromContextArgumentResolver> resolver) {
		this.resolver = resolver;
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		if (bean instanceof RequestMappingHandlerAdapter adapter) {
			adapter.setArgumentResolvers(withResolverFirst(adapter.getArgumentResolvers()));
			adapter.setInitBinderArgumentResolvers(withResolverFirst(adapter.getInitBinderArgumentResolvers()));
		}
		else if (bean instanceof HandlerExceptionResolverComposite composite) {
			composite.getExceptionResolvers().forEach(this::reorder);
		}
		else {
			reorder(bean);
		}
		return bean;
	}

	private void reorder(Object bean) {
		if (bean instanceof ExceptionHandlerExceptionResolver exceptionResolver) {
			HandlerMethodArgumentResolverComposite resolvers = exceptionResolver.getArgumentResolvers();
			exceptionResolver
				.setArgumentResolvers(withResolverFirst((resolvers != null) ? resolvers.getResolvers() : null));
		}
	}

	private @Nullable List<HandlerMethodArgumentResolver> withResolverFirst(
			@Nullable List<HandlerMethodArgumentResolver> resolvers) {
		if (resolvers == null) {
			return null;
		}
		List<HandlerMethodArgumentResolver> sorted = new ArrayList<>(resolvers);
		sorted.removeIf(FromContextArgumentResolver.class::isInstance);
		sorted.add(0, this.resolver.get());
		return sorted;
	}

}
