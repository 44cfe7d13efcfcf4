package io.github.contextvars.spring.web.reactive;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ResponseBody;
import org.springframework.web.reactive.config.EnableWebFlux;
import org.springframework.web.server.adapter.WebHttpHandlerBuilder;
import reactor.core.publisher.Hooks;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.work.PropagationSource;

import static org.assertj.core.api.Assertions.assertThat;

class ContextWebFluxConfigurationTests {

	@AfterEach
	void disablePropagation() {
		Hooks.disableAutomaticContextPropagation();
	}

	@Test
	void requestsGetAContextThatParametersAreTakenFrom() {
		Hooks.enableAutomaticContextPropagation();
		MockServerHttpResponse response = new MockServerHttpResponse();

		try (AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext(Application.class,
				ContextWebFluxConfiguration.Requests.class, ContextWebFluxConfiguration.Arguments.class,
				ContextWebFluxConfiguration.Validation.class)) {
			HttpHandler handler = WebHttpHandlerBuilder.applicationContext(beans).build();
			handler.handle(MockServerHttpRequest.get("/tenant").build(), response).block();
		}

		assertThat(response.getBodyAsString().block()).isEqualTo("of the initializer");
	}

	@Test
	void requestsAreReportedAsTheyPropagate() {
		try (AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext(
				ContextWebFluxConfiguration.Requests.class)) {
			PropagationSource source = beans.getBean("contextVarsHttpHandlerPropagation", PropagationSource.class);

			assertThat(source.entries()).singleElement().returns(false, PropagationSource.Entry::propagates);
			Hooks.enableAutomaticContextPropagation();
			assertThat(source.entries()).singleElement().returns(true, PropagationSource.Entry::propagates);
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableWebFlux
	static class Application {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@Bean
		ServerRequestContextInitializer initializer() {
			return (request) -> TENANT.set("of the initializer");
		}

		@Bean
		Tenants tenants() {
			return new Tenants();
		}

	}

	@Controller
	static class Tenants {

		@GetMapping("/tenant")
		@ResponseBody
		String tenant(@FromContext("tenant") String tenant) {
			return tenant;
		}

	}

}
