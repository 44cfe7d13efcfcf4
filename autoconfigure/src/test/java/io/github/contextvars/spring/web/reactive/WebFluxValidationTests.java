package io.github.contextvars.spring.web.reactive;

import java.time.ZoneId;
import java.util.Locale;
import java.util.OptionalInt;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.http.codec.autoconfigure.CodecsAutoConfiguration;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.webflux.autoconfigure.HttpHandlerAutoConfiguration;
import org.springframework.boot.webflux.autoconfigure.WebFluxAutoConfiguration;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsFillAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsStartupAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsWebFluxAutoConfiguration;
import io.github.contextvars.spring.registry.InvalidDeclarationException;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Parameters of controllers of Spring WebFlux that could never get their values.
 */
class WebFluxValidationTests {

	private final ReactiveWebApplicationContextRunner runner = new ReactiveWebApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(CodecsAutoConfiguration.class, HttpHandlerAutoConfiguration.class,
				WebFluxAutoConfiguration.class, ContextVarsAutoConfiguration.class,
				ContextVarsFillAutoConfiguration.class, ContextVarsWebFluxAutoConfiguration.class,
				ContextVarsStartupAutoConfiguration.class));

	@Test
	void rightParametersStart() {
		this.runner.withBean(Right.class).run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void nothingIsThereWithoutTheProperty() {
		this.runner.withPropertyValues("contextvars.web.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean("contextVarsHttpHandlerDecorator")
				.hasBean("contextVarsWebFluxConfigurer"));
	}

	@ParameterizedTest
	@ValueSource(classes = { Unknown.class, WrongType.class, OwnLocale.class, OwnZone.class })
	void wrongParameterFailsOnStartup(Class<?> controller) {
		this.runner.withBean(controller)
			.run((context) -> assertThat(context).getFailure()
				.isInstanceOf(InvalidDeclarationException.class)
				.hasMessageContaining(controller.getName() + "#get"));
	}

	static class Variables {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@ContextVariable
		static final ContextVar<Locale> LANGUAGE = ContextVar.of("language");

		@ContextVariable
		static final ContextVar<ZoneId> ZONE = ContextVar.of("zone");

	}

	@Controller
	static class Right extends Variables {

		@GetMapping("/")
		String get(@FromContext String tenant, @FromContext("language") String text, Locale locale) {
			return tenant;
		}

	}

	@Controller
	static class Unknown extends Variables {

		@GetMapping("/")
		String get(@FromContext String tenat) {
			return tenat;
		}

	}

	@Controller
	static class WrongType extends Variables {

		@GetMapping("/")
		String get(@FromContext("tenant") OptionalInt tenant) {
			return "";
		}

	}

	// Spring WebFlux asks its own resolvers first.
	@Controller
	static class OwnLocale extends Variables {

		@GetMapping("/")
		String get(@FromContext Locale language) {
			return "";
		}

	}

	@Controller
	static class OwnZone extends Variables {

		@GetMapping("/")
		String get(@FromContext ZoneId zone) {
			return "";
		}

	}

}
