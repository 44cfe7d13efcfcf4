package io.github.contextvars.spring.boot.startup;

import org.hibernate.context.spi.CurrentTenantIdentifierResolver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.hibernate.autoconfigure.HibernateJpaAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsStartupAutoConfiguration;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(OutputCaptureExtension.class)
class OpenInViewTenantCheckTests {

	private final WebApplicationContextRunner runner = new WebApplicationContextRunner().withConfiguration(
			AutoConfigurations.of(ContextVarsAutoConfiguration.class, ContextVarsStartupAutoConfiguration.class,
					DataSourceAutoConfiguration.class, HibernateJpaAutoConfiguration.class));

	@Test
	void tenantResolverBesideOpenInViewIsWarnedOf(CapturedOutput output) {
		this.runner.withBean("tenantResolver", TenantResolver.class).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(output).contains("asks 'tenantResolver' for the tenant")
				.contains("spring.jpa.open-in-view=false");
		});
	}

	@Test
	void tenantResolverWithoutOpenInViewIsRight(CapturedOutput output) {
		this.runner.withBean("tenantResolver", TenantResolver.class)
			.withPropertyValues("spring.jpa.open-in-view=false")
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).doesNotContain("for the tenant");
	}

	@Test
	void openInViewWithoutTenantResolverIsRight(CapturedOutput output) {
		this.runner.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).doesNotContain("for the tenant");
	}

	static class TenantResolver implements CurrentTenantIdentifierResolver<String> {

		@Override
		public String resolveCurrentTenantIdentifier() {
			return "acme";
		}

		@Override
		public boolean validateExistingCurrentSessions() {
			return false;
		}

	}

}
