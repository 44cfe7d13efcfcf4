package io.github.contextvars.spring.boot.autoconfigure;

import java.lang.reflect.Method;
import java.util.List;

import org.apache.catalina.Valve;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.ExecutableMode;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.aot.hint.TypeReference;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.web.server.WebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

import io.github.contextvars.spring.remote.ContextRemoteConfiguration;

/**
 * {@link Configuration @Configuration} that lets the line that Tomcat logs for an
 * uncaught exception show the logged variables of the request. Tomcat logs it when all
 * filters have returned.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnClass(Valve.class)
@ImportRuntimeHints(ContextVarsTomcatConfiguration.Hints.class)
final class ContextVarsTomcatConfiguration {

	// The factories of Spring Boot 4 and of Spring Boot 3.5 have this method in common.
	private static final String ADD_VALVES = "addContextValves";

	@Bean
	WebServerFactoryCustomizer<WebServerFactory> contextVarsTomcatCustomizer(
			ObjectProvider<ContextRemoteConfiguration.Settings> remote) {
		return (factory) -> {
			Method addValves = ClassUtils.getMethodIfAvailable(factory.getClass(), ADD_VALVES, Valve[].class);
			if (addValves != null) {
				ReflectionUtils.invokeMethod(addValves, factory, (Object) valves(remote));
			}
		};
	}

	private static Valve[] valves(ObjectProvider<ContextRemoteConfiguration.Settings> remote) {
		boolean receiving = remote.stream().anyMatch((settings) -> !settings.receive().isEmpty());
		return receiving ? new Valve[] { new FailureValve(), new PeerAddressValve() }
				: new Valve[] { new FailureValve() };
	}

	/**
	 * Hints for native images: the method is found by its name.
	 */
	static final class Hints implements RuntimeHintsRegistrar {

		@Override
		public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
			for (String factory : List.of("org.springframework.boot.tomcat.TomcatWebServerFactory",
					"org.springframework.boot.web.embedded.tomcat.TomcatServletWebServerFactory")) {
				hints.reflection()
					.registerTypeIfPresent(classLoader, factory, (hint) -> hint.withMethod(ADD_VALVES,
							TypeReference.listOf(Valve[].class), ExecutableMode.INVOKE));
			}
		}

	}

}
