package io.github.contextvars.spring.remote;

import java.net.URI;
import java.util.List;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.contextvars.spring.registry.InvalidDeclarationException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests of {@link Network} and {@link HostPatterns}.
 */
class NetworkTests {

	@ParameterizedTest
	@CsvSource({ "10.0.0.0/8, 10.255.1.2, true", "10.0.0.0/8, 11.0.0.1, false", "10.0.0.0/9, 10.128.0.1, false",
			"192.168.1.7, 192.168.1.7, true", "192.168.1.7, 192.168.1.8, false", "0.0.0.0/0, 203.0.113.1, true",
			"0.0.0.0/0, ::1, false", "fd00::/8, fd12::1, true", "fd00::/8, fe80::1, false", "::1, ::1, true",
			"10.0.0.0/8, ::ffff:10.0.0.1, true" })
	void networkContainsAddresses(String network, String address, boolean contained) {
		assertThat(Network.parse(network).contains(Network.parseAddress(address))).isEqualTo(contained);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0/8", "localhost", "kafka2",
			"fd00::/129", "10.0.0.0/8/8", "0x0a.0.0.1", "999.0.0.1" })
	void otherTextsAreRefused(String text) {
		assertThatExceptionOfType(InvalidDeclarationException.class).isThrownBy(() -> Network.parse(text))
			.withMessageContaining("'" + text + "'")
			.satisfies((ex) -> assertThat(ex.action()).isNotBlank());
	}

	@ParameterizedTest
	@CsvSource({ "orders, http://orders/a, true", "orders, http://orders:81/a, true",
			"orders, http://my-orders/, false", "orders:80, http://orders/, true", "orders:443, https://Orders/, true",
			"orders:80, http://orders:81/, false", "*.internal, http://a.internal/, true",
			"*.internal, http://a.b.internal:81/, true", "*.internal, http://internal/, false",
			"*.internal, http://evil-internal/, false", "*.internal, http://a.internal.evil.example/, false",
			"*.internal:80, http://a.internal/, true", "[::1]:80, http://[::1]/, true",
			"orders, http://orders@evil.example/, false", "orders, http://evil.example/orders, false",
			"orders, mailto:a@orders, false" })
	void patternMatchesHosts(String pattern, String uri, boolean matched) {
		assertThat(new HostPatterns(List.of(pattern)).match(URI.create(uri))).isEqualTo(matched);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "*", "*.", "http://orders", "or*ders", "orders/", "a b", "-orders", "*.[::1]" })
	void otherPatternsAreRefused(String pattern) {
		assertThatExceptionOfType(InvalidDeclarationException.class)
			.isThrownBy(() -> new HostPatterns(List.of(pattern)))
			.withMessageContaining("'" + pattern + "'")
			.satisfies((ex) -> assertThat(ex.action()).isNotBlank());
	}

}
