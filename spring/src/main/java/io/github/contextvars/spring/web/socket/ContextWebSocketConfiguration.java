package io.github.contextvars.spring.web.socket;

import jakarta.websocket.server.ServerContainer;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.context.annotation.Role;
import org.springframework.util.function.SingletonSupplier;
import org.springframework.web.socket.server.standard.ServerEndpointExporter;

import io.github.contextvars.spring.fill.AuthenticationFiller;
import io.github.contextvars.spring.messaging.FromContextArgumentResolver;
import io.github.contextvars.spring.messaging.FromContextConfiguration;
import io.github.contextvars.spring.work.ConditionalOnPresent;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link Configuration @Configuration} that gives each WebSocket session a context, begun
 * as a copy of its handshake request's, and each of its messages a copy of that, also for
 * SockJS and STOMP.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnPresent("org.springframework.web.socket.server.support.WebSocketHandlerMapping")
@Import(WorkConfiguration.class)
public final class ContextWebSocketConfiguration {

	private static final String STOMP = "org.springframework.messaging.simp.SimpMessageHeaderAccessor";

	@Bean
	@Role(BeanDefinition.ROLE_INFRASTRUCTURE)
	static WebSocketSessionContexts contextVarsWebSocketSessionContexts(ObjectProvider<WorkRegistry> workRegistry,
			ObjectProvider<AuthenticationFiller> filler) {
		return new WebSocketSessionContexts(SingletonSupplier.of(workRegistry::getObject), filler::getIfAvailable);
	}

	@Bean
	static ContextWebSocketBeanPostProcessor contextVarsWebSocketBeanPostProcessor(WebSocketSessionContexts contexts) {
		return new ContextWebSocketBeanPostProcessor(contexts);
	}

	/**
	 * {@link Configuration @Configuration} for the endpoints of Jakarta WebSocket.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent({ "org.springframework.web.socket.server.standard.ServerEndpointExporter",
			"jakarta.websocket.server.ServerEndpoint" })
	@ImportRuntimeHints(ServerEndpoints.Hints.class)
	static final class ServerEndpoints {

		@Bean
		static ServerEndpointContextBeanPostProcessor contextVarsServerEndpointBeanPostProcessor(
				ObjectProvider<WorkRegistry> workRegistry) {
			return new ServerEndpointContextBeanPostProcessor(SingletonSupplier.of(workRegistry::getObject));
		}

		/**
		 * {@link RuntimeHintsRegistrar} for the container of an exporter, which is read
		 * and wrapped.
		 */
		static final class Hints implements RuntimeHintsRegistrar {

			@Override
			public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
				hints.reflection()
					.registerType(ServerEndpointExporter.class,
							(hint) -> hint.withField(ServerEndpointContextBeanPostProcessor.CONTAINER));
				hints.proxies().registerJdkProxy(AopProxyUtils.completeJdkProxyInterfaces(ServerContainer.class));
			}

		}

	}

	/**
	 * {@link Configuration @Configuration} for the frames of STOMP.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent(STOMP)
	@Import(Parameters.class)
	static final class Stomp {

		@Bean
		static StompContextBeanPostProcessor contextVarsStompBeanPostProcessor(WebSocketSessionContexts contexts) {
			return new StompContextBeanPostProcessor(contexts);
		}

	}

	/**
	 * {@link Configuration @Configuration} that binds
	 * {@link io.github.contextvars.spring.annotation.FromContext @FromContext} parameters
	 * of methods that handle STOMP frames, also where sessions get no contexts: Spring
	 * would bind the payload.
	 *
	 * @since 0.1.0
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnPresent(STOMP)
	@Import(FromContextConfiguration.class)
	public static final class Parameters {

		@Bean
		static FromContextBeanPostProcessor contextVarsStompFromContextBeanPostProcessor(
				ObjectProvider<FromContextArgumentResolver> resolver) {
			return new FromContextBeanPostProcessor(SingletonSupplier.of(resolver::getObject));
		}

	}

}
