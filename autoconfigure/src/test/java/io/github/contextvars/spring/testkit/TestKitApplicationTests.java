package io.github.contextvars.spring.testkit;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import javax.sql.DataSource;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.webmvc.test.autoconfigure.AutoConfigureMockMvc;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.datasource.DelegatingDataSource;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabaseBuilder;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabaseType;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.jdbc.Sql;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.assertj.MockMvcTester;
import org.springframework.test.web.servlet.client.RestTestClient;
import org.springframework.test.web.servlet.request.MockMvcRequestBuilders;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.WebApplicationContext;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.test.ContextAssertions;
import io.github.contextvars.test.ContextVarRequestPostProcessors;
import io.github.contextvars.test.WithContextVar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * The test kit in the tests of an application.
 */
@SpringBootTest(classes = TestKitApplicationTests.Shop.class,
		properties = { "tests.frameworks=jdbc", "contextvars.fill.tenant.header=X-Tenant" })
@AutoConfigureMockMvc
@DirtiesContext
class TestKitApplicationTests {

	@Test
	void setWithoutAnnotationNamesTheKit() {
		assertThatIllegalStateException().isThrownBy(() -> Shop.TENANT.set("acme"))
			.withMessageContaining("@WithContext of io.github.contextvars:contextvars-test");
	}

	@Test
	void requestHasItsOwnValues(@Autowired MockMvcTester mvc) {
		assertThat(mvc.get().uri("/tenant").with(ContextVarRequestPostProcessors.contextVar(Shop.TENANT, "globex")))
			.hasBodyTextEqualTo("globex");
		assertThat(mvc.get()
			.uri("/tenant")
			.header("X-Tenant", "header")
			.with(ContextVarRequestPostProcessors.contextVar(Shop.LEVEL, 2))
			.with(ContextVarRequestPostProcessors.contextVar(Shop.TENANT, "globex"))).hasBodyTextEqualTo("globex");
		assertThat(mvc.get().uri("/tenant")).hasBodyTextEqualTo("none");
	}

	@Test
	void clientHasValuesForAllItsRequests(@Autowired WebApplicationContext context) {
		MockMvc mvc = MockMvcBuilders.webAppContextSetup(context)
			.addFilters(context.getBean("contextVarsFilterRegistration", FilterRegistrationBean.class).getFilter())
			.defaultRequest(MockMvcRequestBuilders.get("/")
				.with(ContextVarRequestPostProcessors.contextVar(Shop.TENANT, "initech")))
			.build();
		RestTestClient.bindTo(mvc)
			.build()
			.get()
			.uri("/tenant")
			.exchange()
			.expectBody(String.class)
			.isEqualTo("initech");
	}

	@Nested
	@WithContextVar(name = "tenant", value = "acme")
	@WithContextVar(name = "level", value = "3")
	class Applications {

		@BeforeEach
		void valuesAreThereBefore() {
			assertThat(Shop.TENANT.get()).isEqualTo("acme");
		}

		@Test
		@Transactional
		@Sql(statements = "select 1")
		void scriptsAndTransactionsSeeTheValue(@Autowired Shop shop) {
			assertThat(TransactionSynchronizationManager.isActualTransactionActive()).isTrue();
			assertThat(shop.connections).isNotEmpty().containsOnly("acme");
			ContextAssertions.assertThatCurrentContext().hasValue(Shop.TENANT, "acme").hasValue(Shop.LEVEL, 3);
		}

		@Test
		@WithContextVar(name = "tenant", value = "acme")
		void requestDoesNotSeeTheTestsValues(@Autowired MockMvcTester mvc) {
			assertThat(mvc.get().uri("/tenant")).hasBodyTextEqualTo("none");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Page.class)
	static class Shop {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@ContextVariable
		static final ContextVar<Integer> LEVEL = ContextVar.of("level");

		final List<String> connections = new CopyOnWriteArrayList<>();

		@Bean
		DataSource dataSource() {
			return new DelegatingDataSource(
					new EmbeddedDatabaseBuilder().setType(EmbeddedDatabaseType.H2).generateUniqueName(true).build()) {

				@Override
				public Connection getConnection() throws SQLException {
					Shop.this.connections.add(TENANT.get("none"));
					return super.getConnection();
				}

			};
		}

	}

	@RestController
	static class Page {

		@GetMapping("/tenant")
		String tenant(@FromContext(name = "tenant", defaultValue = "none") String tenant) {
			return tenant;
		}

	}

}
