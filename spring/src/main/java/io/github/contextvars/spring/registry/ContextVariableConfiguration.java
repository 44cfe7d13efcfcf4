package io.github.contextvars.spring.registry;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.ApplicationEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.context.annotation.Primary;
import org.springframework.context.event.ContextRefreshedEvent;

/**
 * {@link Configuration @Configuration} for the registry of declared variables and for the
 * policy outside any context.
 *
 * @since 0.1.0
 * @see Settings
 */
@Configuration(proxyBeanMethods = false)
public final class ContextVariableConfiguration {

	// An invalid declaration fails on startup in a lazy application, too. In a child
	// context, this one is taken rather than its parent's.
	@Bean(destroyMethod = "close")
	@Primary
	@Lazy(false)
	ContextVariableRegistry contextVarsVariableRegistry(ConfigurableListableBeanFactory beanFactory) {
		return ContextVariableRegistry.of(beanFactory);
	}

	@Bean(destroyMethod = "close")
	@Lazy(false)
	OutsideContextPolicy contextVarsOutsideContextPolicy(ContextVariableRegistry variables,
			ObjectProvider<Settings> settings) {
		Settings applied = settings.getIfAvailable(Settings::defaults);
		return OutsideContextPolicy.install(variables, applied.set(), applied.get());
	}

	@Bean
	ApplicationListener<ApplicationEvent> contextVarsReadinessListener(OutsideContextPolicy policy,
			ObjectProvider<Settings> settings) {
		return new ReadinessListener(policy, settings.getIfAvailable(Settings::defaults).readyEvent());
	}

	/**
	 * {@link ApplicationListener} that has the policy watch reads from the ready event
	 * on.
	 */
	// No record: the JDK would keep its class, and with it the application's class
	// loader, once listeners are compared.
	private static final class ReadinessListener implements ApplicationListener<ApplicationEvent> {

		private final OutsideContextPolicy policy;

		private final Class<? extends ApplicationEvent> readyEvent;

		private ReadinessListener(OutsideContextPolicy policy, Class<? extends ApplicationEvent> readyEvent) {
			this.policy = policy;
			this.readyEvent = readyEvent;
		}

		@Override
		public void onApplicationEvent(ApplicationEvent event) {
			if (this.readyEvent.isInstance(event)) {
				this.policy.watchReads();
			}
		}

	}

	/**
	 * Settings of the policy outside any context, as a bean.
	 *
	 * @param set what happens when a variable is set
	 * @param get what happens when a declared variable is read
	 * @param readyEvent the event from which on reads are watched
	 * @since 0.1.0
	 */
	public record Settings(OutsideContextPolicy.Mode set, OutsideContextPolicy.Mode get,
			Class<? extends ApplicationEvent> readyEvent) {

		/**
		 * Return the settings that apply if there is no such bean: sets are rejected,
		 * reads are warned of once the application context is refreshed.
		 * @return the default settings
		 */
		public static Settings defaults() {
			return new Settings(OutsideContextPolicy.Mode.REJECT, OutsideContextPolicy.Mode.WARN,
					ContextRefreshedEvent.class);
		}

	}

}
