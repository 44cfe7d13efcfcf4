package io.github.contextvars.test;

import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.Configuration;
import org.springframework.test.context.TestExecutionListeners;
import org.springframework.test.context.junit.jupiter.SpringJUnitConfig;
import org.springframework.test.context.support.DependencyInjectionTestExecutionListener;

import io.github.contextvars.ContextVar;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A Spring test that has replaced its listeners, that of the test kit included.
 */
@SpringJUnitConfig
@TestExecutionListeners(DependencyInjectionTestExecutionListener.class)
@WithContextVar(name = "tenant", value = "acme")
class ReplacedListenersTests {

	static final ContextVar<String> TENANT = ContextVar.of("tenant");

	@Test
	void valueIsThere() {
		assertThat(TENANT.get()).isEqualTo("acme");
	}

	@Configuration(proxyBeanMethods = false)
	static class Application {

	}

}
