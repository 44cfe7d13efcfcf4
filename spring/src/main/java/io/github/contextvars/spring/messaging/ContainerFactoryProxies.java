package io.github.contextvars.spring.messaging;

import java.util.function.Consumer;

import org.aopalliance.intercept.MethodInterceptor;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.aop.framework.ProxyFactory;

import io.github.contextvars.spring.registry.BeanTypes;

/**
 * Proxies of factories of listener containers, whose containers are no beans.
 */
final class ContainerFactoryProxies {

	private static final Log logger = LogFactory.getLog(ContainerFactoryProxies.class);

	private ContainerFactoryProxies() {
	}

	/**
	 * Create a proxy of a factory.
	 * @param factory the factory
	 * @param name the name of its bean
	 * @param instrument called with each container that the factory makes
	 * @return the proxy, or the factory itself if its class cannot be extended
	 */
	static Object proxy(Object factory, String name, Consumer<Object> instrument) {
		String obstacle = BeanTypes.obstacleToProxying(factory.getClass());
		if (obstacle != null) {
			logger.warn("Messages of containers that '" + name + "' creates do not get a context: "
					+ factory.getClass().getName() + " cannot be proxied, as it has " + obstacle
					+ ". Extend one of Spring's factories, or run the bodies of listeners in new Context().run(...).");
			return factory;
		}
		ProxyFactory proxy = new ProxyFactory(factory);
		proxy.setProxyTargetClass(true);
		proxy.addAdvice((MethodInterceptor) (invocation) -> {
			Object result = invocation.proceed();
			if (result != null && invocation.getMethod().getName().startsWith("create")) {
				instrument.accept(result);
			}
			return result;
		});
		return proxy.getProxy(factory.getClass().getClassLoader());
	}

}
