package io.github.contextvars.spring.work;

import org.springframework.aop.config.AopConfigUtils;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportBeanDefinitionRegistrar;
import org.springframework.core.type.AnnotationMetadata;

/**
 * {@link Configuration @Configuration} that makes sure that {@code Advisor} beans are
 * applied: with {@code spring.aop.auto=false} under Spring Boot, and without
 * {@code @EnableAspectJAutoProxy} elsewhere, they would silently do nothing.
 * <p>
 * Internal: public for the other packages of the library only.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@Import(AdvisorConfiguration.AutoProxyCreatorRegistrar.class)
public final class AdvisorConfiguration {

	// AutoProxyUtils.DEFAULT_PROXY_CONFIG_BEAN_NAME of Spring Framework 7; before, it is
	// the proxy creator itself that is configured.
	private static final String DEFAULT_PROXY_CONFIG = "org.springframework.aop.framework.autoproxy.defaultProxyConfig";

	/**
	 * Return whether proxies extend the beans' classes.
	 * @param beanFactory holds the definitions that configure the proxy creator
	 * @return whether they do, and not only implement the beans' interfaces
	 */
	public static boolean proxiesTargetClass(ConfigurableListableBeanFactory beanFactory) {
		return isSet(DEFAULT_PROXY_CONFIG, beanFactory)
				|| isSet(AopConfigUtils.AUTO_PROXY_CREATOR_BEAN_NAME, beanFactory);
	}

	private static boolean isSet(String name, ConfigurableListableBeanFactory beanFactory) {
		return beanFactory.containsBeanDefinition(name)
				&& Boolean.TRUE.equals(beanFactory.getBeanDefinition(name).getPropertyValues().get("proxyTargetClass"));
	}

	static final class AutoProxyCreatorRegistrar implements ImportBeanDefinitionRegistrar {

		@Override
		public void registerBeanDefinitions(AnnotationMetadata metadata, BeanDefinitionRegistry registry) {
			AopConfigUtils.registerAutoProxyCreatorIfNecessary(registry);
		}

	}

}
