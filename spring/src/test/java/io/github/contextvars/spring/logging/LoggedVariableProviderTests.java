package io.github.contextvars.spring.logging;

import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.springframework.core.ResolvableType;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.registry.ContextVariableRegistry;

import static org.assertj.core.api.Assertions.assertThat;

class LoggedVariableProviderTests {

	private static final ContextVar<String> USER = ContextVar.of("user");

	private static final ContextVar<String> OTHER_USER = ContextVar.of("user");

	@Test
	void currentWhenAnyApplicationSaysSensitivePrintsNothing() {
		try (LoggedVariableProvider logging = install(USER, false, true)) {
			try (LoggedVariableProvider sensitive = install(USER, true, false)) {
				assertThat(current()).isEmpty();
				assertThat(currentOfUser()).isNull();
			}
			assertThat(current()).isEqualTo(Map.of("user", "ada"));
			assertThat(currentOfUser()).isEqualTo("ada");
		}
		assertThat(current()).isEmpty();
	}

	@Test
	void currentWhenNamesAreSharedPrintsThatOfTheYoungestApplication() {
		try (LoggedVariableProvider old = install(USER, false, true);
				LoggedVariableProvider other = install(OTHER_USER, false, true)) {
			assertThat(current()).isEqualTo(Map.of("user", "bob"));
			assertThat(currentOfUser()).isEqualTo("bob");
			try (LoggedVariableProvider young = install(USER, false, true)) {
				assertThat(current()).isEqualTo(Map.of("user", "ada"));
				assertThat(currentOfUser()).isEqualTo("ada");
			}
		}
	}

	private static LoggedVariableProvider install(ContextVar<?> variable, boolean sensitive, boolean logged) {
		return LoggedVariableProvider
			.install(new ContextVariableRegistry(List.of(new ContextVariableRegistry.Declaration(variable, "Test#USER",
					ResolvableType.forClass(String.class), "", sensitive, logged, false, ""))));
	}

	private static Map<String, String> current() {
		return new Context().call(() -> {
			setBoth();
			return LoggedVariableProvider.current((name) -> false);
		});
	}

	private static String currentOfUser() {
		return new Context().call(() -> {
			setBoth();
			return LoggedVariableProvider.current("user");
		});
	}

	private static void setBoth() {
		USER.set("ada");
		OTHER_USER.set("bob");
	}

}
