package io.github.contextvars.spring.web.reactive;

import java.time.LocalDate;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.context.expression.StandardBeanExpressionResolver;
import org.springframework.core.MethodParameter;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.SynthesizingMethodParameter;
import org.springframework.format.support.DefaultFormattingConversionService;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.util.ReflectionUtils;
import org.springframework.web.bind.support.ConfigurableWebBindingInitializer;
import org.springframework.web.reactive.BindingContext;
import org.springframework.web.server.ServerErrorException;
import org.springframework.web.server.ServerWebInputException;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.registry.ContextVariableRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

class FromContextArgumentResolverTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant");

	private final DefaultListableBeanFactory beanFactory = new DefaultListableBeanFactory();

	private final FromContextArgumentResolver resolver = new FromContextArgumentResolver(this.beanFactory,
			ReactiveAdapterRegistry.getSharedInstance(),
			new ContextVariableRegistry(List.of(new ContextVariableRegistry.Declaration(TENANT, "Test#TENANT",
					ResolvableType.forClass(String.class), "", false, false, false, ""))));

	private final ConfigurableWebBindingInitializer binding = new ConfigurableWebBindingInitializer();

	@Test
	void supportsParameterWhenAnnotated() {
		assertThat(this.resolver.supportsParameter(parameter(0))).isTrue();
		assertThat(this.resolver.supportsParameter(parameter(2))).isFalse();
	}

	@Test
	void resolveWhenSetIsTheValue() {
		assertThat(resolve(0, "acme")).isEqualTo("acme");
		assertThat(resolve(1, "acme")).isEqualTo("acme");
	}

	@Test
	void resolveWhenUnsetIsTheDefaultOrNamesTheVariable() {
		assertThat(resolve(1)).isEqualTo("public");
		assertThatExceptionOfType(ServerWebInputException.class).isThrownBy(() -> resolve(0))
			.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(
					"Context variable 'tenant' has no value in this request for a method parameter of type String"));
	}

	@Test
	void resolveWhenNotDeclaredNamesTheDeclared() {
		assertThatIllegalStateException().isThrownBy(() -> resolve(4))
			.withMessageContaining("No context variable 'unknown' is declared, only [tenant]");
	}

	@Test
	void resolveWhenConversionFailsShowsNothingOfTheValue() {
		assertThatExceptionOfType(ServerErrorException.class).isThrownBy(() -> resolve(3, "hunter2"))
			.withNoCause()
			.withMessageNotContaining("hunter2")
			.satisfies((ex) -> assertThat(ex.getReason())
				.contains("'tenant' has a value that cannot be converted to LocalDate, the type of parameter 3 of"));

		this.binding.setConversionService(new DefaultFormattingConversionService());
		assertThatExceptionOfType(ServerWebInputException.class).isThrownBy(() -> resolve(3, "hunter2"))
			.withNoCause()
			.withMessageNotContaining("hunter2")
			.satisfies((ex) -> assertThat(ex.getReason())
				.contains("'tenant' has a value that cannot be converted to LocalDate, the type of parameter 3 of"));
	}

	@Test
	void resolveWhenConversionFailsNamesTheVariableOfAParametersOwnName() {
		this.beanFactory.setBeanExpressionResolver(new StandardBeanExpressionResolver());
		this.beanFactory.addEmbeddedValueResolver((text) -> text.replace("${name}", "tenant"));

		for (int index : new int[] { 5, 6 }) {
			assertThatExceptionOfType(ServerErrorException.class).isThrownBy(() -> resolve(index, "hunter2"))
				.satisfies((ex) -> assertThat(ex.getReason())
					.startsWith("Context variable 'tenant' has a value that cannot be converted to LocalDate"));
		}
	}

	private Object resolve(int index) {
		return this.resolver
			.resolveArgument(parameter(index), new BindingContext(this.binding),
					MockServerWebExchange.from(MockServerHttpRequest.get("/")))
			.block();
	}

	private Object resolve(int index, String tenant) {
		return new Context().call(() -> {
			TENANT.set(tenant);
			return resolve(index);
		});
	}

	private static MethodParameter parameter(int index) {
		return new SynthesizingMethodParameter(ReflectionUtils.findMethod(Pages.class, "page", String.class,
				String.class, String.class, LocalDate.class, String.class, LocalDate.class, LocalDate.class), index);
	}

	static class Pages {

		void page(@FromContext("tenant") String required,
				@FromContext(name = "tenant", defaultValue = "public") String withDefault, String other,
				@FromContext("tenant") LocalDate date, @FromContext("unknown") String unknown,
				@FromContext LocalDate tenant, @FromContext("${name}") LocalDate placeholder) {
		}

	}

}
