package io.github.contextvars.spring.web.servlet;

import java.beans.PropertyEditorSupport;
import java.time.LocalDate;
import java.util.List;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.core.MethodParameter;
import org.springframework.core.ResolvableType;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.util.ReflectionUtils;
import org.springframework.web.bind.ServletRequestBindingException;
import org.springframework.web.bind.WebDataBinder;
import org.springframework.web.context.request.ServletWebRequest;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.registry.ContextVariableRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

class FromContextArgumentResolverTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant");

	private final FromContextArgumentResolver resolver = new FromContextArgumentResolver(
			new DefaultListableBeanFactory(),
			new ContextVariableRegistry(List.of(new ContextVariableRegistry.Declaration(TENANT, "Test#TENANT",
					ResolvableType.forClass(String.class), "", false, false, false, ""))));

	@Test
	void supportsParameterWhenAnnotated() {
		assertThat(this.resolver.supportsParameter(parameter(0))).isTrue();
		assertThat(this.resolver.supportsParameter(parameter(2))).isFalse();
	}

	@Test
	void resolveWhenSetIsTheValue() throws Exception {
		Object value = new Context().<@Nullable Object, Exception>call(() -> {
			TENANT.set("acme");
			return resolve(0);
		});

		assertThat(value).isEqualTo("acme");
	}

	@Test
	void resolveWhenUnsetIsTheDefaultOrNamesTheVariable() throws Exception {
		assertThat(resolve(1)).isEqualTo("public");
		assertThatExceptionOfType(ServletRequestBindingException.class).isThrownBy(() -> resolve(0))
			.withMessageContaining("'tenant'")
			.withMessageContaining("String");
	}

	@Test
	void resolveWhenEditorFailsShowsNothingOfTheValue() {
		assertThatExceptionOfType(ServletRequestBindingException.class)
			.isThrownBy(() -> new Context().<@Nullable Object, Exception>call(() -> {
				TENANT.set("hunter2");
				return this.resolver.resolveArgument(parameter(3), null,
						new ServletWebRequest(new MockHttpServletRequest()), (request, target, name) -> {
							WebDataBinder binder = new WebDataBinder(target, name);
							binder.registerCustomEditor(LocalDate.class, new DateEditor());
							return binder;
						});
			}))
			.withMessageStartingWith("Context variable has a value that cannot be converted to LocalDate")
			.withMessageNotContaining("hunter2")
			.withNoCause();
	}

	@Test
	void resolveWhenNothingConvertsNamesTheVariable() {
		assertThatIllegalStateException().isThrownBy(() -> new Context().<@Nullable Object, Exception>call(() -> {
			TENANT.set("hunter2");
			return this.resolver.resolveArgument(parameter(3), null,
					new ServletWebRequest(new MockHttpServletRequest()),
					(request, target, name) -> new WebDataBinder(target, name));
		}))
			.withMessageStartingWith("Context variable 'tenant' has a value that cannot be converted to LocalDate")
			.withMessageNotContaining("hunter2")
			.withNoCause();
	}

	private @Nullable Object resolve(int index) throws Exception {
		return this.resolver.resolveArgument(parameter(index), null,
				new ServletWebRequest(new MockHttpServletRequest()), null);
	}

	private static MethodParameter parameter(int index) {
		return new MethodParameter(ReflectionUtils.findMethod(Pages.class, "page", String.class, String.class,
				String.class, LocalDate.class), index);
	}

	static class Pages {

		void page(@FromContext(name = "tenant") String required,
				@FromContext(name = "tenant", defaultValue = "public") String withDefault, String other,
				@FromContext(name = "tenant") LocalDate date) {
		}

	}

	private static final class DateEditor extends PropertyEditorSupport {

		@Override
		public void setAsText(String text) {
			setValue(LocalDate.parse(text));
		}

	}

}
