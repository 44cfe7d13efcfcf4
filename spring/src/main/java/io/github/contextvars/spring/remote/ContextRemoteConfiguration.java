package io.github.contextvars.spring.remote;

import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import io.micrometer.observation.ObservationHandler;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.util.function.SingletonSupplier;

import io.github.contextvars.spring.registry.ContextVariableConfiguration;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.registry.VariableConversion;
import io.github.contextvars.spring.work.ConditionalOnPresent;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} for values that cross processes. Needs a bean of
 * type {@link Settings}.
 * <p>
 * Without Spring Boot, add the {@link ObservationHandler} bean to the configuration of an
 * observation registry, the {@link RemoteExchangeFilter} bean to each {@code WebClient},
 * and the {@link RemoteFeignCapability} bean to each Feign client.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@Import({ ContextVariableConfiguration.class, WorkConfiguration.class, ContextRemoteConfiguration.Sending.class,
		ContextRemoteConfiguration.WebClients.class, ContextRemoteConfiguration.Feign.class })
public final class ContextRemoteConfiguration {

	@Bean
	RemoteDrops contextVarsRemoteDrops() {
		return new RemoteDrops();
	}

	@Bean
	RemoteReceiver contextVarsRemoteReceiver(Settings settings, ContextVariableRegistry variables,
			ObjectProvider<RemoteTrust> trusts, ObjectProvider<WorkRegistry> workRegistry, RemoteDrops drops,
			ConfigurableListableBeanFactory beanFactory) {
		List<RemoteVariables.RemoteVariable> received = RemoteVariables.of("contextvars.remote.receive",
				settings.receive(), settings.format(), variables);
		if (settings.receiveFrom().contains("jms")) {
			RemoteVariables.checkProperties("contextvars.remote.receive-from", received);
		}
		return new RemoteReceiver(received, settings, SingletonSupplier.of(() -> trusts.orderedStream().toList()),
				new VariableConversion(beanFactory), SingletonSupplier.of(workRegistry::getObject), drops);
	}

	/**
	 * {@link Configuration @Configuration} for {@code WebClient}s.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent({ "org.springframework.web.reactive.function.client.WebClient",
			"io.micrometer.observation.transport.SenderContext" })
	static final class WebClients {

		@Bean
		RemoteExchangeFilter contextVarsRemoteExchangeFilter(RemoteSender sender) {
			return new RemoteExchangeFilter(sender);
		}

	}

	/**
	 * {@link Configuration @Configuration} for Feign clients.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent({ "feign.Capability", "io.micrometer.observation.transport.SenderContext" })
	@ImportRuntimeHints(RemoteFeignCapability.Hints.class)
	static final class Feign {

		// Next to the client, inside of what other capabilities wrap around it.
		@Bean
		@Order(Ordered.HIGHEST_PRECEDENCE)
		RemoteFeignCapability contextVarsFeignCapability(RemoteSender sender) {
			return new RemoteFeignCapability(sender);
		}

	}

	/**
	 * {@link Configuration @Configuration} for what is sent.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent("io.micrometer.observation.transport.SenderContext")
	@ImportRuntimeHints(RedirectCheck.Hints.class)
	static final class Sending {

		// Behind a tracer's, whose baggage it adds to.
		@Bean
		@Order
		RemoteSender contextVarsRemoteSender(Settings settings, ContextVariableRegistry variables,
				ObjectProvider<WorkRegistry> workRegistry, RemoteDrops drops,
				ConfigurableListableBeanFactory beanFactory) {
			List<RemoteVariables.RemoteVariable> sent = RemoteVariables.of("contextvars.remote.send", settings.send(),
					settings.format(), variables);
			if (settings.sendTo().contains("jms")) {
				RemoteVariables.checkProperties("contextvars.remote.send-to", sent);
			}
			return new RemoteSender(sent, settings, SingletonSupplier.of(workRegistry::getObject), drops,
					beanFactory.getBeanClassLoader());
		}

	}

	/**
	 * How values are written.
	 *
	 * @since 0.1.0
	 */
	public enum Format {

		/**
		 * A header for each variable, with the name that it is declared with.
		 */
		HEADERS,

		/**
		 * Members of W3C Baggage, with the names of the variables.
		 */
		BAGGAGE

	}

	/**
	 * Settings for this configuration.
	 *
	 * @param send the variables that are sent
	 * @param sendTo where to: hosts, {@code kafka}, {@code rabbit}, {@code jms},
	 * {@code grpc}
	 * @param receive the variables that are received
	 * @param receiveFrom from where: networks in CIDR form, {@code kafka},
	 * {@code rabbit}, {@code jms}, {@code grpc}
	 * @param format how values are written
	 * @param parent whether the id of the sending unit of work crosses, too, by which the
	 * trees of two processes can be joined
	 * @since 0.1.0
	 */
	public record Settings(Set<String> send, Set<String> sendTo, Set<String> receive, Set<String> receiveFrom,
			Format format, boolean parent) {

		public Settings {
			send = copy(send);
			sendTo = copy(sendTo);
			receive = copy(receive);
			receiveFrom = copy(receiveFrom);
		}

		// In their order, in which they count against the limits.
		private static Set<String> copy(Set<String> names) {
			return Collections.unmodifiableSet(new LinkedHashSet<>(names));
		}

	}

}
