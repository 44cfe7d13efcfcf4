package io.github.contextvars.spring.web.servlet;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.time.ZoneId;
import java.util.Locale;
import java.util.Optional;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.webmvc.test.autoconfigure.WebMvcTest;
import org.springframework.context.annotation.Import;
import org.springframework.http.HttpMethod;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.web.servlet.assertj.MockMvcTester;
import org.springframework.ui.Model;
import org.springframework.web.bind.ServletRequestBindingException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.InitBinder;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.filter.OncePerRequestFilter;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.testing.ThreadContextProbe;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * {@code @WebMvcTest} gets the filter and {@link FromContext}.
 */
// The application that Spring's test framework keeps would have its say about base
// contexts.
@DirtiesContext
@WebMvcTest
class WebMvcSliceTests {

	@Autowired
	private MockMvcTester mvc;

	@Test
	void requestHasContextOfItsOwn() {
		assertThat(this.mvc.get().uri("/fresh")).hasStatusOk().hasBodyTextEqualTo("in context, true");
		assertThat(ThreadContextProbe.isInContext()).isFalse();
	}

	@Test
	void requestDoesNotSeeCallersContext() {
		new Context().run(() -> {
			Pages.TENANT.set("callers");
			assertThat(this.mvc.get().uri("/fresh")).hasBodyTextEqualTo("in context, true");
		});
	}

	@Test
	void valueIsBoundByName() {
		assertThat(this.mvc.get().uri("/named?tenant=acme")).hasBodyTextEqualTo("acme");
	}

	@Test
	void valueIsBoundByParameterName() {
		assertThat(this.mvc.get().uri("/implicit?tenant=acme")).hasBodyTextEqualTo("acme");
	}

	@Test
	void valueIsConverted() {
		assertThat(this.mvc.get().uri("/converted?tenant=42")).hasBodyTextEqualTo("43");
	}

	@Test
	void missingRequiredValueIsBadRequest() {
		assertThat(this.mvc.get().uri("/named")).hasStatus(400)
			.failure()
			.hasMessageContaining("Context variable 'tenant' has no value in this request");
	}

	@Test
	void missingOptionalValueIsEmpty() {
		assertThat(this.mvc.get().uri("/optional")).hasBodyTextEqualTo("Optional.empty");
		assertThat(this.mvc.get().uri("/optional?tenant=acme")).hasBodyTextEqualTo("Optional[acme]");
		assertThat(this.mvc.get().uri("/nullable")).hasBodyTextEqualTo("null");
	}

	@Test
	void missingValueWithDefaultIsDefault() {
		assertThat(this.mvc.get().uri("/default")).hasBodyTextEqualTo("fallback");
		assertThat(this.mvc.get().uri("/default?tenant=acme")).hasBodyTextEqualTo("acme");
	}

	@Test
	void defaultOfVariableIsValue() {
		assertThat(this.mvc.get().uri("/variables-default")).hasBodyTextEqualTo("light");
	}

	@Test
	void typesThatSpringBindsByThemselvesAreBoundToValues() {
		String all = "Asia/Tokyo ja_JP value of the variable";

		assertThat(this.mvc.get().uri("/own-types")).hasBodyTextEqualTo(all);
		assertThat(this.mvc.get().uri("/own-types/model")).hasBodyTextEqualTo(all);
		assertThat(this.mvc.get().uri("/own-types/failing")).hasBodyTextEqualTo(all);
		assertThat(this.mvc.get().uri("/own-types/binder?number=1")).hasBodyTextEqualTo(all);
	}

	@Test
	void typesThatSpringBindsByThemselvesAreStillBoundWithoutAnnotation() {
		assertThat(this.mvc.get().uri("/springs-types").locale(Locale.ITALY)).hasBodyTextEqualTo("GET it_IT");
	}

	@Test
	void valueThatNothingConvertsIsServerError() {
		assertThat(this.mvc.get().uri("/not-convertible")).failure()
			.rootCause()
			.isInstanceOf(IllegalStateException.class)
			.hasMessageStartingWith("Context variable 'reader' has a value that cannot be converted to OwnTypes");
	}

	@Test
	void valueThatFailsToConvertIsBadRequest() {
		assertThat(this.mvc.get().uri("/converted?tenant=acme")).hasStatus(400)
			.failure()
			.isInstanceOf(ServletRequestBindingException.class)
			.hasMessageStartingWith("Context variable 'tenant' has a value that cannot be converted to int")
			.hasMessageNotContaining("acme")
			.hasNoCause();
	}

	@Test
	void unknownNameIsClearError() {
		assertThat(this.mvc.get().uri("/unknown")).failure()
			.rootCause()
			.isInstanceOf(IllegalStateException.class)
			.hasMessageContainingAll("'tenat'", "tenant", "@ContextVariable");
	}

	@SpringBootConfiguration
	@EnableAutoConfiguration
	@Import({ Pages.class, OwnTypes.class, TenantFilter.class })
	static class Application {

	}

	static class TenantFilter extends OncePerRequestFilter {

		@Override
		protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
				throws ServletException, IOException {
			if (request.getParameter("tenant") != null) {
				Pages.TENANT.set(request.getParameter("tenant"));
			}
			chain.doFilter(request, response);
		}

	}

	@RestController
	static class Pages {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@ContextVariable
		static final ContextVar<String> THEME = ContextVar.of("theme", "light");

		@GetMapping("/fresh")
		String fresh() {
			return (ThreadContextProbe.isInContext() ? "in context" : "no context") + ", "
					+ Context.copyOfCurrent().isEmpty();
		}

		@GetMapping("/named")
		String named(@FromContext("tenant") String value) {
			return value;
		}

		@GetMapping("/implicit")
		String implicit(@FromContext String tenant) {
			return tenant;
		}

		@GetMapping("/converted")
		String converted(@FromContext("tenant") int number) {
			return Integer.toString(number + 1);
		}

		@GetMapping("/optional")
		String optional(@FromContext("tenant") Optional<String> tenant) {
			return tenant.toString();
		}

		@GetMapping("/nullable")
		String nullable(@FromContext(name = "tenant", required = false) String tenant) {
			return String.valueOf(tenant);
		}

		@GetMapping("/default")
		String withDefault(@FromContext(name = "tenant", defaultValue = "fallback") String tenant) {
			return tenant;
		}

		@GetMapping("/variables-default")
		String variablesDefault(@FromContext("theme") String theme) {
			return theme;
		}

		@GetMapping("/unknown")
		String unknown(@FromContext("tenat") String tenant) {
			return tenant;
		}

	}

	@RestController
	static class OwnTypes {

		@ContextVariable
		static final ContextVar<ZoneId> ZONE = ContextVar.of("zone", ZoneId.of("Asia/Tokyo"));

		@ContextVariable
		static final ContextVar<Locale> LOCALE = ContextVar.of("locale", Locale.JAPAN);

		@ContextVariable
		static final ContextVar<Reader> READER = ContextVar.of("reader", new StringReader(""));

		private static String print(ZoneId zone, Locale locale, Reader reader) {
			return zone + " " + locale + ((reader == READER.get()) ? " value of the variable" : "");
		}

		@ModelAttribute("model")
		String model(@FromContext ZoneId zone, @FromContext Locale locale, @FromContext Reader reader) {
			return print(zone, locale, reader);
		}

		@InitBinder("number")
		void initialize(@FromContext ZoneId zone, @FromContext Locale locale, @FromContext Reader reader,
				HttpServletRequest request) {
			request.setAttribute("printed", print(zone, locale, reader));
		}

		@GetMapping("/own-types/binder")
		String binder(@RequestParam int number, @RequestAttribute String printed) {
			return printed;
		}

		@GetMapping("/own-types")
		String page(@FromContext ZoneId zone, @FromContext Locale locale, @FromContext Reader reader) {
			return print(zone, locale, reader);
		}

		@GetMapping("/own-types/model")
		String page(Model model) {
			return String.valueOf(model.getAttribute("model"));
		}

		@GetMapping("/own-types/failing")
		void fail() throws IOException {
			throw new IOException();
		}

		@ExceptionHandler(IOException.class)
		String failed(@FromContext ZoneId zone, @FromContext Locale locale, @FromContext Reader reader) {
			return print(zone, locale, reader);
		}

		@GetMapping("/springs-types")
		String springs(HttpMethod method, Locale locale) {
			return method + " " + locale;
		}

		@GetMapping("/not-convertible")
		String notConvertible(@FromContext("reader") OwnTypes types) {
			return types.toString();
		}

	}

}
