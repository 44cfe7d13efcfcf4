package io.github.contextvars.spring.integration;

import java.util.List;
import java.util.function.Supplier;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.integration.handler.support.IntegrationMessageHandlerMethodFactory;
import org.springframework.messaging.handler.invocation.HandlerMethodArgumentResolver;
import org.springframework.messaging.handler.invocation.HandlerMethodArgumentResolverComposite;

import io.github.contextvars.spring.messaging.FromContextArgumentResolver;

/**
 * Bean post-processor that binds
 * {@link io.github.contextvars.spring.annotation.FromContext @FromContext} parameters of
 * Spring Integration's methods, before Integration's own resolvers: they would bind the
 * payload, which a sender writes, whatever the annotation.
 */
final class FromContextBeanPostProcessor implements BeanPostProcessor {

	/**
	 * The field of the factory that has no getter.
	 */
	static final String ARGUMENT_RESOLVERS = "argumentResolvers";

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
		if (bean instanceof IntegrationMessageHandlerMethodFactory factory && new DirectFieldAccessor(factory)
			.getPropertyValue(ARGUMENT_RESOLVERS) instanceof HandlerMethodArgumentResolverComposite composite) {
			List<HandlerMethodArgumentResolver> resolvers = FromContextArgumentResolver.first(this.resolver.get(),
					composite.getResolvers());
			composite.clear();
			composite.addResolvers(resolvers);
		}
		return bean;
	}

}
