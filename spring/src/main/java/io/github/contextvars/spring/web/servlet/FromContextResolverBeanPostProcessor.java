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
 * Gives Spring MVC the resolver of {@link FromContext}, before all of Spring's own. Those
 * would bind a {@code Locale}, a {@code ZoneId} or a {@code Reader} to that of the
 * request, whatever annotation it has; and {@code WebMvcConfigurer}s, whose resolvers
 * stand behind them, are not asked where an application extends
 * {@code WebMvcConfigurationSupport} or has an adapter of its own: there, Spring would
 * take the value from what the client sends.
 */
public final class FromContextResolverBeanPostProcessor implements BeanPostProcessor {

	private final Supplier<FromContextArgumentResolver> ours;

	/**
	 * Create a post-processor.
	 * @param ours the resolver; asked for when it is needed, as post-processors are
	 * created before most beans
	 */
	public FromContextResolverBeanPostProcessor(Supplier<FromContextArgumentResolver> ours) {
		this.ours = ours;
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		if (bean instanceof RequestMappingHandlerAdapter adapter) {
			adapter.setArgumentResolvers(oursFirst(adapter.getArgumentResolvers()));
			adapter.setInitBinderArgumentResolvers(oursFirst(adapter.getInitBinderArgumentResolvers()));
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
		if (bean instanceof ExceptionHandlerExceptionResolver resolver) {
			HandlerMethodArgumentResolverComposite resolvers = resolver.getArgumentResolvers();
			resolver.setArgumentResolvers(oursFirst((resolvers != null) ? resolvers.getResolvers() : null));
		}
	}

	private @Nullable List<HandlerMethodArgumentResolver> oursFirst(
			@Nullable List<HandlerMethodArgumentResolver> resolvers) {
		if (resolvers == null) {
			return null;
		}
		List<HandlerMethodArgumentResolver> sorted = new ArrayList<>(resolvers);
		sorted.removeIf(FromContextArgumentResolver.class::isInstance);
		sorted.add(0, this.ours.get());
		return sorted;
	}

}
