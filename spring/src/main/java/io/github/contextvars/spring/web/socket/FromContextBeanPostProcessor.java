package io.github.contextvars.spring.web.socket;

import java.util.List;
import java.util.function.Supplier;

import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.messaging.handler.invocation.HandlerMethodArgumentResolver;
import org.springframework.messaging.simp.annotation.support.SimpAnnotationMethodMessageHandler;

import io.github.contextvars.spring.messaging.FromContextArgumentResolver;

/**
 * Bean post-processor that binds
 * {@link io.github.contextvars.spring.annotation.FromContext @FromContext} parameters of
 * methods that handle STOMP frames, before Spring's own resolvers: they would bind a
 * principal, or the payload that a client writes, whatever the annotation.
 */
final class FromContextBeanPostProcessor implements BeanPostProcessor {

	private final Supplier<FromContextArgumentResolver> resolver;

	/**
	 * Create a post-processor.
	 * @param resolver the resolver; asked for when it is needed, as post-processors are
	 * created before most beans
	 */
	FromContextBeanPostProcessor(Supplier<FromContextArgumentResolver> resolver) {
		this.resolver = resolver;
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		if (bean instanceof SimpAnnotationMethodMessageHandler handler) {
			List<HandlerMethodArgumentResolver> resolvers = FromContextArgumentResolver.first(this.resolver.get(),
					handler.getArgumentResolvers());
			// Adds, unless there are none.
			handler.setArgumentResolvers(null);
			handler.setArgumentResolvers(resolvers);
		}
		return bean;
	}

}
