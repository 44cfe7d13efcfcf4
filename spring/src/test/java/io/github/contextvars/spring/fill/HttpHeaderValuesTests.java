package io.github.contextvars.spring.fill;

import org.junit.jupiter.api.Test;
import org.springframework.http.HttpHeaders;

import static org.assertj.core.api.Assertions.assertThat;

class HttpHeaderValuesTests {

	@Test
	void ofFindsAllValuesOfOneHeaderInAnyCase() {
		HttpHeaders headers = new HttpHeaders();
		headers.add("X-Other", "other");
		headers.add("X-Tenant", "acme");
		headers.add("X-Tenant", "globex");

		assertThat(HttpHeaderValues.of(headers, "x-tenant")).containsExactly("acme", "globex");
		assertThat(HttpHeaderValues.of(headers, "X-Missing")).isEmpty();
	}

}
