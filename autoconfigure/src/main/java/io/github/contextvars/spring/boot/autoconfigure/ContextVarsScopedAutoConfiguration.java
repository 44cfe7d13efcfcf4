package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.aop.config.AopConfigUtils;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportBeanDefinitionRegistrar;
import org.springframework.context.annotation.Role;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotationMetadata;

import io.github.contextvars.spring.scoped.ContextScopedConfiguration;

/**
 * {@link AutoConfiguration Auto-configuration} for {@code @ContextScoped}.
 *
 * @since 0.1.0
 */
@Role(BeanDefinition.ROLE_INFRASTRUCTURE)
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnBooleanProperty(name = "contextvars.scoped.enabled", matchIfMissing = true)
@Import({ ContextScopedConfiguration.class, ContextVarsScopedAutoConfiguration.ClassProxyRegistrar.class })
public final class ContextVarsScopedAutoConfiguration {

	// With 'spring.aop.auto=false', too, proxies are those of Boot's default.
	static final class ClassProxyRegistrar implements ImportBeanDefinitionRegistrar {

		private final Environment environment;

		ClassProxyRegistrar(Environment environment) {
			this.environment = environment;
		}

		@Override
		public void registerBeanDefinitions(AnnotationMetadata metadata, BeanDefinitionRegistry registry) {
			if (this.environment.getProperty("spring.aop.proxy-target-class", Boolean.class, true)) {
				AopConfigUtils.registerAutoProxyCreatorIfNecessary(registry);
				AopConfigUtils.forceAutoProxyCreatorToUseClassProxying(registry);
			}
		}

	}

}
