package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.aop.Advisor;
import org.springframework.aop.config.AopConfigUtils;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportBeanDefinitionRegistrar;
import org.springframework.context.annotation.Role;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotationMetadata;
import org.springframework.util.function.SingletonSupplier;

import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.scoped.ContextScopedAdvisor;
import io.github.contextvars.spring.scoped.ContextScopedValidator;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link AutoConfiguration Auto-configuration} for {@code @ContextScoped}. Works with
 * AspectJ's weaver on the class path and without.
 */
// Advisors are created before bean post-processors, and this class with its advisor.
@Role(BeanDefinition.ROLE_INFRASTRUCTURE)
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnClass(Advisor.class)
@ConditionalOnBooleanProperty(name = "contextvars.scoped.enabled", matchIfMissing = true)
@Import(ContextVarsScopedAutoConfiguration.AutoProxyCreatorRegistrar.class)
public final class ContextVarsScopedAutoConfiguration {

	@Bean
	@Role(BeanDefinition.ROLE_INFRASTRUCTURE)
	@ConditionalOnMissingBean(name = "contextScopedAdvisor", search = SearchStrategy.CURRENT)
	ContextScopedAdvisor contextScopedAdvisor(ObjectProvider<WorkRegistry> liveContexts,
			ObjectProvider<ContextVariableRegistry> variables, BeanFactory beanFactory) {
		return new ContextScopedAdvisor(SingletonSupplier.of(liveContexts::getObject),
				SingletonSupplier.of(variables::getObject), beanFactory);
	}

	@Bean
	@ConditionalOnBean(ContextScopedAdvisor.class)
	ContextScopedValidator scopedMethodCheck(ConfigurableListableBeanFactory beanFactory, ContextScopedAdvisor advisor,
			ObjectProvider<ContextVariableRegistry> variables) {
		return new ContextScopedValidator(beanFactory, advisor, SingletonSupplier.of(variables::getObject));
	}

	// With 'spring.aop.auto=false' nobody else might: the annotation would do nothing,
	// silently.
	static final class AutoProxyCreatorRegistrar implements ImportBeanDefinitionRegistrar {

		private final Environment environment;

		AutoProxyCreatorRegistrar(Environment environment) {
			this.environment = environment;
		}

		@Override
		public void registerBeanDefinitions(AnnotationMetadata metadata, BeanDefinitionRegistry registry) {
			AopConfigUtils.registerAutoProxyCreatorIfNecessary(registry);
			if (this.environment.getProperty("spring.aop.proxy-target-class", Boolean.class, true)) {
				AopConfigUtils.forceAutoProxyCreatorToUseClassProxying(registry);
			}
		}

	}

}
