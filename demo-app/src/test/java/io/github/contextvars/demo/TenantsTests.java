package io.github.contextvars.demo;

import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.http.HttpStatus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link Tenants}.
 */
class TenantsTests {

	private final Tenants tenants = new Tenants(Set.of("acme", "globex"));

	@Test
	void requireWhenKnownReturnsName() {
		assertThat(this.tenants.require("Header X-Tenant", "acme")).isEqualTo("acme");
	}

	@Test
	void requireWhenMissingIsBadRequestThatNamesTheSource() {
		assertThatExceptionOfType(ProblemException.class)
			.isThrownBy(() -> this.tenants.require("Header X-Tenant", null))
			.satisfies((ex) -> {
				assertThat(ex.getStatusCode()).isEqualTo(HttpStatus.BAD_REQUEST);
				assertThat(ex.getBody().getDetail()).isEqualTo("Header X-Tenant is missing: it names the tenant");
			});
	}

	@Test
	void requireWhenUnknownIsNotFoundThatNamesTheTenant() {
		assertThatExceptionOfType(ProblemException.class)
			.isThrownBy(() -> this.tenants.require("Header X-Tenant", "initech"))
			.satisfies((ex) -> {
				assertThat(ex.getStatusCode()).isEqualTo(HttpStatus.NOT_FOUND);
				assertThat(ex.getBody().getDetail()).contains("'initech'");
			});
	}

	@ParameterizedTest
	@ValueSource(strings = { "", " ", "ACME", "acme ", "acme,globex", "../acme", "<script>",
			"a-name-of-more-than-thirty-two-characters" })
	void requireWhenMalformedIsBadRequestThatDoesNotRepeatIt(String name) {
		assertThatExceptionOfType(ProblemException.class)
			.isThrownBy(() -> this.tenants.require("Header X-Tenant", name))
			.satisfies((ex) -> {
				assertThat(ex.getStatusCode()).isEqualTo(HttpStatus.BAD_REQUEST);
				assertThat(ex.getBody().getDetail()).isEqualTo("Header X-Tenant must match [a-z][a-z0-9-]{0,31}");
			});
	}

}
