package io.github.contextvars.spring.boot.autoconfigure;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.http.client.HttpClientSettings;
import org.springframework.boot.http.client.HttpComponentsClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.HttpRedirects;
import org.springframework.boot.http.client.autoconfigure.ClientHttpRequestFactoryBuilderCustomizer;
import org.springframework.boot.webclient.WebClientCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.Environment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.type.AnnotatedTypeMetadata;
import org.springframework.util.ClassUtils;
import org.springframework.web.reactive.function.client.WebClient;

import io.github.contextvars.spring.remote.ContextRemoteConfiguration;
import io.github.contextvars.spring.remote.RemoteExchangeFilter;
import io.github.contextvars.spring.remote.RemoteReceiver;
import io.github.contextvars.spring.remote.RemoteTrust;
import io.github.contextvars.spring.work.PropagationSource;

/**
 * {@link AutoConfiguration Auto-configuration} for variables that are sent to other
 * processes or received from them, if {@code contextvars.remote} names any, and for the
 * ids of units of work. The HTTP clients that Spring Boot builds follow no redirects
 * then, as they would hand the headers to any host.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@Conditional(ContextVarsRemoteAutoConfiguration.OnRemote.class)
@Import(ContextRemoteConfiguration.class)
public final class ContextVarsRemoteAutoConfiguration {

	// Each in Spring Boot 4 and in Spring Boot 3.5.
	private static final List<String> OBSERVATIONS = List.of(
			"org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration",
			"org.springframework.boot.actuate.autoconfigure.observation.ObservationAutoConfiguration");

	private static final List<String> SERVERS_WITH_PEERS = List.of(
			"org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory",
			"org.springframework.boot.web.embedded.tomcat.TomcatServletWebServerFactory",
			"org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory",
			"org.springframework.boot.web.embedded.netty.NettyReactiveWebServerFactory");

	@Bean
	ContextRemoteConfiguration.Settings contextVarsRemoteSettings(ContextVarsProperties properties) {
		ContextVarsProperties.Remote remote = properties.getRemote();
		return new ContextRemoteConfiguration.Settings(remote.getSend(), remote.getSendTo(), remote.getReceive(),
				remote.getReceiveFrom(), remote.getFormat(), remote.isParent());
	}

	@Bean
	PropagationSource contextVarsRemotePropagation(ContextRemoteConfiguration.Settings settings,
			Environment environment, ListableBeanFactory beanFactory, ObjectProvider<RemoteTrust> trusts) {
		return () -> {
			List<PropagationSource.Entry> entries = new ArrayList<>();
			boolean trusting = !settings.receiveFrom().isEmpty() || trusts.stream().findAny().isPresent();
			if (!settings.receive().isEmpty() && !trusting) {
				entries.add(silent("receiving", "no source is trusted: 'contextvars.remote.receive' has no effect",
						"Set 'contextvars.remote.receive-from'."));
			}
			if (!settings.send().isEmpty() && settings.sendTo().isEmpty()) {
				entries.add(silent("sending", "no destination is named: 'contextvars.remote.send' has no effect",
						"Set 'contextvars.remote.send-to'."));
			}
			if (!settings.receive().isEmpty() && !isPeerKnown(beanFactory)
					&& settings.receiveFrom().stream().anyMatch((source) -> source.matches(".*[.:].*"))) {
				entries.add(silent("http",
						"only an embedded Tomcat of a servlet application and an embedded Netty tell"
								+ " the address of a connection, and not one that a proxy has forwarded",
						"Declare a RemoteTrust bean."));
			}
			if (settings.sendTo().contains("jms")
					&& !ClassUtils.isPresent("io.micrometer.jakarta9.instrument.jms.JmsInstrumentation", null)) {
				entries.add(silent("jms", "JmsTemplate has no observation, by which variables are sent",
						"Add io.micrometer:micrometer-jakarta9."));
			}
			if (!settings.send().isEmpty() || (settings.parent() && !settings.sendTo().isEmpty())) {
				requireObservation(settings, environment, entries, "kafka",
						"spring.kafka.template.observation-enabled");
				requireObservation(settings, environment, entries, "rabbit",
						"spring.rabbitmq.template.observation-enabled");
				if (OBSERVATIONS.stream().noneMatch((type) -> ClassUtils.isPresent(type, null))) {
					entries.add(silent("sending", "there is no registry of observations, by which variables are sent",
							"Add spring-boot-starter-actuator or spring-boot-starter-micrometer-metrics."));
				}
			}
			return entries.stream();
		};
	}

	private static boolean isPeerKnown(ListableBeanFactory beanFactory) {
		return SERVERS_WITH_PEERS.stream()
			.anyMatch((factory) -> ClassUtils.isPresent(factory, null) && beanFactory
				.getBeanNamesForType(ClassUtils.resolveClassName(factory, null), false, false).length > 0);
	}

	private static void requireObservation(ContextRemoteConfiguration.Settings settings, Environment environment,
			List<PropagationSource.Entry> entries, String transport, String property) {
		if (settings.sendTo().contains(transport) && !environment.getProperty(property, Boolean.class, false)) {
			entries.add(silent(transport, "its template has no observation, by which variables are sent",
					"Set '" + property + "=true'."));
		}
	}

	private static PropagationSource.Entry silent(String name, String reason, String remedy) {
		return PropagationSource.Entry.notPropagating(name, "remote", RemoteReceiver.class, reason, remedy);
	}

	private static boolean isParent(ConditionContext context) {
		return context.getEnvironment().getProperty("contextvars.remote.parent", Boolean.class, false);
	}

	/**
	 * Condition that a variable or a unit's id is sent or received.
	 */
	static final class OnRemote extends OnListProperty {

		OnRemote() {
			super("contextvars.remote.send", "contextvars.remote.receive");
		}

		@Override
		public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
			return isParent(context) ? ConditionOutcome.match("contextvars.remote.parent is true")
					: super.getMatchOutcome(context, metadata);
		}

	}

	/**
	 * Condition that a variable or a unit's id is sent.
	 */
	static final class OnSend extends OnListProperty {

		OnSend() {
			super("contextvars.remote.send");
		}

		@Override
		public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
			ConditionOutcome outcome = super.getMatchOutcome(context, metadata);
			return (outcome.isMatch() || !isParent(context)) ? outcome
					: new OnDestination().getMatchOutcome(context, metadata);
		}

	}

	/**
	 * Condition that a destination is named.
	 */
	private static final class OnDestination extends OnListProperty {

		OnDestination() {
			super("contextvars.remote.send-to");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ WebClientCustomizer.class, WebClient.class })
	@Conditional(OnSend.class)
	static final class WebClients {

		@Bean
		WebClientCustomizer contextVarsWebClientCustomizer(ObjectProvider<RemoteExchangeFilter> filter) {
			return (builder) -> filter.ifAvailable(builder::filter);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(name = "org.springframework.boot.web.reactive.function.client.WebClientCustomizer",
			value = WebClient.class)
	@Conditional(OnSend.class)
	static final class WebClientsOfBoot3 {

		@Bean
		static BeanPostProcessor contextVarsWebClientBeanPostProcessor(ObjectProvider<RemoteExchangeFilter> filter) {
			return new BeanPostProcessor() {

				@Override
				public Object postProcessAfterInitialization(Object bean, String name) {
					if (bean instanceof WebClient.Builder builder) {
						filter.ifAvailable(builder::filter);
					}
					return bean;
				}

			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(name = "org.springframework.boot.http.client.ClientHttpRequestFactorySettings")
	@Conditional(OnSend.class)
	static final class RedirectsOfBoot3 {

		@Bean
		static BeanFactoryPostProcessor contextVarsRedirectsProperties(ConfigurableEnvironment environment) {
			return (beanFactory) -> environment.getPropertySources()
				.addFirst(new MapPropertySource("contextVarsRedirects", Map.of("spring.http.client.redirects",
						"dont-follow", "spring.http.reactiveclient.redirects", "dont-follow")));
		}

		// A client of HttpComponents does not tell its strategy of redirects.
		@Configuration(proxyBeanMethods = false)
		@ConditionalOnClass(HttpClientBuilder.class)
		static final class HttpComponents {

			@Bean
			static BeanPostProcessor contextVarsHttpComponentsBeanPostProcessor() {
				return new BeanPostProcessor() {

					@Override
					public Object postProcessAfterInitialization(Object bean, String name) {
						return (bean instanceof HttpComponentsClientHttpRequestFactoryBuilder builder) ? builder
							.withDefaultRequestConfigCustomizer((config) -> config.setRedirectsEnabled(false)) : bean;
					}

				};
			}

		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ HttpClientSettings.class, ClientHttpRequestFactoryBuilderCustomizer.class })
	@Conditional(OnSend.class)
	static final class Redirects {

		@Bean
		static BeanPostProcessor contextVarsRedirectsBeanPostProcessor() {
			return new BeanPostProcessor() {

				@Override
				public Object postProcessAfterInitialization(Object bean, String name) {
					return (bean instanceof HttpClientSettings settings)
							? settings.withRedirects(HttpRedirects.DONT_FOLLOW) : bean;
				}

			};
		}

		// A client of HttpComponents does not tell its strategy of redirects.
		@Configuration(proxyBeanMethods = false)
		@ConditionalOnClass(HttpClientBuilder.class)
		static final class HttpComponents {

			@Bean
			ClientHttpRequestFactoryBuilderCustomizer<HttpComponentsClientHttpRequestFactoryBuilder> contextVarsHttpComponentsCustomizer() {
				return (builder) -> builder
					.withDefaultRequestConfigCustomizer((config) -> config.setRedirectsEnabled(false));
			}

		}

	}

}
