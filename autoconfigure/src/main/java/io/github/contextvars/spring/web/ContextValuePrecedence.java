package io.github.contextvars.spring.web;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.method.support.HandlerMethodArgumentResolverComposite;
import org.springframework.web.servlet.handler.HandlerExceptionResolverComposite;
import org.springframework.web.servlet.mvc.method.annotation.ExceptionHandlerExceptionResolver;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerAdapter;

/**
 * Lets {@link ContextValue} take precedence over Spring's own resolvers, which stand
 * before those of applications: they would bind a {@code Locale}, a {@code ZoneId} or a
 * {@code Reader} to that of the request, whatever annotation it has.
 */
public final class ContextValuePrecedence implements BeanPostProcessor {

	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		if (bean instanceof RequestMappingHandlerAdapter adapter) {
			adapter.setArgumentResolvers(oursFirst(adapter.getArgumentResolvers()));
			adapter.setInitBinderArgumentResolvers(oursFirst(adapter.getInitBinderArgumentResolvers()));
		}
		else if (bean instanceof HandlerExceptionResolverComposite composite) {
			composite.getExceptionResolvers().forEach(ContextValuePrecedence::reorder);
		}
		else {
			reorder(bean);
		}
		return bean;
	}

	private static void reorder(Object bean) {
		if (bean instanceof ExceptionHandlerExceptionResolver resolver) {
			HandlerMethodArgumentResolverComposite resolvers = resolver.getArgumentResolvers();
			resolver.setArgumentResolvers(oursFirst((resolvers != null) ? resolvers.getResolvers() : null));
		}
	}

	private static @Nullable List<HandlerMethodArgumentResolver> oursFirst(
			@Nullable List<HandlerMethodArgumentResolver> resolvers) {
		if (resolvers == null) {
			return null;
		}
		List<HandlerMethodArgumentResolver> sorted = new ArrayList<>(resolvers);
		sorted.sort(Comparator.comparing((resolver) -> !(resolver instanceof ContextValueArgumentResolver)));
		return sorted;
	}

}
