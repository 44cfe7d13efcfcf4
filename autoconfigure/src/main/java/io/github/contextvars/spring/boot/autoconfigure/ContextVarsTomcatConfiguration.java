package io.github.contextvars.spring.boot.autoconfigure;

import java.io.IOException;

import jakarta.servlet.ServletException;
import org.apache.catalina.Valve;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.github.contextvars.Context;
import io.github.contextvars.spring.remote.ContextRemoteConfiguration;
import io.github.contextvars.spring.web.servlet.ContextFilter;

/**
 * {@link Configuration @Configuration} that lets the line that Tomcat logs for an
 * uncaught exception show the logged variables of the request. Tomcat logs it when all
 * filters have returned.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnClass({ TomcatServletWebServerFactory.class, Valve.class })
final class ContextVarsTomcatConfiguration {

	@Bean
	WebServerFactoryCustomizer<TomcatServletWebServerFactory> contextVarsTomcatCustomizer(
			ObjectProvider<ContextRemoteConfiguration.Settings> remote) {
		return (factory) -> {
			factory.addContextValves(new FailureValve());
			if (remote.stream().anyMatch((settings) -> !settings.receive().isEmpty())) {
				factory.addContextValves(new PeerAddressValve());
			}
		};
	}

	private static final class FailureValve extends ValveBase {

		private FailureValve() {
			super(true);
		}

		@Override
		public void invoke(Request request, Response response) throws IOException, ServletException {
			try (Context.Scope scope = ContextFilter.stayOnFailure(request)) {
				getNext().invoke(request, response);
			}
		}

	}

	// What Tomcat tells as the remote address may be one that a proxy has forwarded.
	private static final class PeerAddressValve extends ValveBase {

		private PeerAddressValve() {
			super(true);
		}

		@Override
		public void invoke(Request request, Response response) throws IOException, ServletException {
			request.setAttribute(ContextFilter.PEER_ADDRESS, request.getPeerAddr());
			getNext().invoke(request, response);
		}

	}

}
