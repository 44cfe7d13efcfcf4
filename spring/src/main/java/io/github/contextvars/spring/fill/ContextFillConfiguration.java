package io.github.contextvars.spring.fill;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.util.function.SingletonSupplier;

import io.github.contextvars.spring.registry.ContextVariableConfiguration;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.work.ConditionalOnPresent;
import io.github.contextvars.spring.work.PropagationSource;

/**
 * {@link Configuration @Configuration} that fills variables of units of work from headers
 * and authenticated users. Takes its rules from a bean of type {@link Settings}, if there
 * is one.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@Import({ ContextVariableConfiguration.class, ContextFillConfiguration.Authentications.class })
public final class ContextFillConfiguration {

	@Bean
	FillRules contextVarsFillRules(ObjectProvider<Settings> settings, ContextVariableRegistry variables,
			ConfigurableBeanFactory beanFactory) {
		return new FillRules(settings.getIfAvailable(() -> new Settings(Map.of())), variables, beanFactory);
	}

	/**
	 * {@link Configuration @Configuration} for authenticated users.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent("org.springframework.security.core.Authentication")
	static final class Authentications {

		// The filters of servlet and of reactive applications.
		private static final List<String> SECURITY = List.of("springSecurityFilterChain",
				"org.springframework.security.config.annotation.web.reactive.WebFluxSecurityConfiguration"
						+ ".WebFilterChainFilter");

		@Bean
		AuthenticationFiller contextVarsAuthenticationFiller(FillRules rules,
				ObjectProvider<AuthenticationContextInitializer> initializers) {
			return new AuthenticationFiller(rules, SingletonSupplier.of(() -> initializers.orderedStream().toList()));
		}

		@Bean
		PropagationSource contextVarsFillPropagation(FillRules rules, ConfigurableListableBeanFactory beanFactory) {
			return () -> (SECURITY.stream().noneMatch(beanFactory::containsBean) || isChecked(beanFactory))
					? Stream.empty()
					: rules.ofHeadersOnly()
						.map((rule) -> PropagationSource.Entry.notPropagating(rule.variable().name(), "header",
								FillRules.class,
								"any caller chooses its value with the header '" + rule.header()
										+ "', and nothing compares it with the authenticated user",
								"Compare them in an AuthenticationContextInitializer, or set 'contextvars.fill."
										+ rule.variable().name() + ".claim'."));
		}

		private static boolean isChecked(ConfigurableListableBeanFactory beanFactory) {
			List<String> initializers = List
				.of(beanFactory.getBeanNamesForType(AuthenticationContextInitializer.class, true, false));
			return !initializers.isEmpty();
		}

	}

	/**
	 * Settings for this configuration.
	 *
	 * @param variables the rules by the names of variables
	 * @since 0.1.0
	 */
	public record Settings(Map<String, Variable> variables) {

		public Settings {
			variables = new LinkedHashMap<>(variables);
		}

	}

	/**
	 * How one variable is filled.
	 *
	 * @param claim the claim of a JWT or the attribute of an OAuth2 user that holds the
	 * value
	 * @param principal whether the value is the authenticated user: its name, or itself
	 * if the variable is of its type
	 * @param header the header of a request that holds the value
	 * @param pattern the regular expression that the header's value has to match
	 * @param required whether a request without a value is rejected
	 * @since 0.1.0
	 */
	public record Variable(@Nullable String claim, boolean principal, @Nullable String header, String pattern,
			boolean required) {

		/**
		 * The pattern of values in headers, if none is set.
		 */
		public static final String DEFAULT_PATTERN = "[A-Za-z0-9._-]{1,64}";

	}

}
