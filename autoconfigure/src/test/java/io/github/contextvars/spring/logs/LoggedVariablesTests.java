package io.github.contextvars.spring.logs;

import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.springframework.core.ResolvableType;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.declare.ContextVariables;

import static org.assertj.core.api.Assertions.assertThat;

class LoggedVariablesTests {

	private static final ContextVar<String> USER = ContextVar.of("user");

	private static final ContextVar<String> OTHER_USER = ContextVar.of("user");

	@Test
	void currentWhenAnyApplicationSaysSensitivePrintsNothing() {
		try (LoggedVariables logging = install(USER, false, true)) {
			try (LoggedVariables sensitive = install(USER, true, false)) {
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
		try (LoggedVariables old = install(USER, false, true);
				LoggedVariables other = install(OTHER_USER, false, true)) {
			assertThat(current()).isEqualTo(Map.of("user", "bob"));
			assertThat(currentOfUser()).isEqualTo("bob");
			try (LoggedVariables young = install(USER, false, true)) {
				assertThat(current()).isEqualTo(Map.of("user", "ada"));
				assertThat(currentOfUser()).isEqualTo("ada");
			}
		}
	}

	private static LoggedVariables install(ContextVar<?> variable, boolean sensitive, boolean logged) {
		return LoggedVariables.install(new ContextVariables(List.of(new ContextVariables.Declaration(variable,
				"Test#USER", ResolvableType.forClass(String.class), "", sensitive, logged, false))));
	}

	private static Map<String, String> current() {
		return new Context().call(() -> {
			setBoth();
			return LoggedVariables.current((name) -> false);
		});
	}

	private static String currentOfUser() {
		return new Context().call(() -> {
			setBoth();
			return LoggedVariables.current("user");
		});
	}

	private static void setBoth() {
		USER.set("ada");
		OTHER_USER.set("bob");
	}

}
