package io.github.contextvars.spring.graphql;

import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.core.MethodParameter;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.SynthesizingMethodParameter;
import org.springframework.core.convert.support.DefaultConversionService;
import org.springframework.util.ReflectionUtils;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.registry.ContextVariableRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

class FromContextArgumentResolverTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant");

	private static final int REQUIRED = 0;

	private static final int WITH_DEFAULT = 1;

	private static final int OPTIONAL = 2;

	private static final int NUMBER = 3;

	private static final int OTHER = 4;

	private static final int UNNAMED = 5;

	private final DefaultListableBeanFactory beanFactory = new DefaultListableBeanFactory();

	private final FromContextArgumentResolver resolver = new FromContextArgumentResolver(this.beanFactory,
			() -> new ContextVariableRegistry(List.of(new ContextVariableRegistry.Declaration(TENANT, "Test#TENANT",
					ResolvableType.forClass(String.class), "", false, false, false, ""))));

	@Test
	void supportsParameterWhenAnnotated() {
		assertThat(this.resolver.supportsParameter(parameter(REQUIRED))).isTrue();
		assertThat(this.resolver.supportsParameter(parameter(OTHER))).isFalse();
	}

	@Test
	void resolveWhenTheNameIsNotKnownTellsWhichParameter() {
		MethodParameter unnamed = parameter(UNNAMED);
		unnamed.initParameterNameDiscovery(null);

		assertThatIllegalStateException().isThrownBy(() -> this.resolver.resolveArgument(unnamed, null))
			.withMessageContaining("@FromContext has no name, and the name of parameter 5 of")
			.withMessageContaining("is not known");
	}

	@Test
	void resolveWhenSetIsTheValue() {
		assertThat(resolve(REQUIRED, "acme")).isEqualTo("acme");
		assertThat(resolve(WITH_DEFAULT, "acme")).isEqualTo("acme");
		assertThat(resolve(OPTIONAL, "acme")).isEqualTo(Optional.of("acme"));
	}

	@Test
	void resolveWhenUnsetIsTheDefaultOrEmptyOrNamesTheVariable() {
		assertThat(resolve(WITH_DEFAULT)).isEqualTo("public");
		assertThat(resolve(OPTIONAL)).isEqualTo(Optional.empty());
		assertThatIllegalStateException().isThrownBy(() -> resolve(REQUIRED))
			.withMessageContaining("'tenant' has no value for parameter 0 of");
	}

	@Test
	void resolveConvertsWithTheServiceOfTheApplicationIfThereIsOne() {
		assertThat(resolve(NUMBER, "42")).isEqualTo(42);
		DefaultConversionService service = new DefaultConversionService();
		service.addConverter(String.class, Integer.class, String::length);
		this.beanFactory.setConversionService(service);

		assertThat(resolve(NUMBER, "42")).isEqualTo(2);
	}

	@Test
	void resolveWhenConversionFailsShowsNothingOfTheValue() {
		assertThatIllegalStateException().isThrownBy(() -> resolve(NUMBER, "hunter2"))
			.withMessageContaining("'tenant' cannot be converted to Integer")
			.withMessageNotContaining("hunter2")
			.withNoCause();
	}

	private Object resolve(int index) {
		return this.resolver.resolveArgument(parameter(index), null);
	}

	private Object resolve(int index, String tenant) {
		return new Context().call(() -> {
			TENANT.set(tenant);
			return resolve(index);
		});
	}

	private static MethodParameter parameter(int index) {
		return new SynthesizingMethodParameter(ReflectionUtils.findMethod(Queries.class, "query", String.class,
				String.class, Optional.class, Integer.class, String.class, String.class), index);
	}

	static class Queries {

		void query(@FromContext("tenant") String required,
				@FromContext(name = "tenant", defaultValue = "public") String withDefault,
				@FromContext("tenant") Optional<String> optional, @FromContext("tenant") Integer number, String other,
				@FromContext String unnamed) {
		}

	}

}
