package io.github.contextvars.spring.remote;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.net.http.HttpClient;
import java.util.List;

import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.http.HttpMethod;
import org.springframework.http.client.BufferingClientHttpRequestFactory;
import org.springframework.http.client.ClientHttpRequest;
import org.springframework.http.client.ClientHttpRequestFactory;
import org.springframework.http.client.HttpComponentsClientHttpRequestFactory;
import org.springframework.http.client.InterceptingClientHttpRequestFactory;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.http.client.SimpleClientHttpRequestFactory;
import org.springframework.mock.http.client.MockClientHttpRequest;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

import static org.assertj.core.api.Assertions.assertThat;

class RedirectCheckTests {

	@ParameterizedTest
	@ValueSource(strings = { "plain", "buffering", "intercepting" })
	void clientOfJdkIsJudgedByItsPolicy(String wrapping) throws IOException {
		for (HttpClient.Redirect policy : HttpClient.Redirect.values()) {
			ClientHttpRequestFactory factory = new JdkClientHttpRequestFactory(
					HttpClient.newBuilder().followRedirects(policy).build());
			assertThat(RedirectCheck.follows(request(wrap(factory, wrapping), HttpMethod.GET)))
				.isEqualTo(policy != HttpClient.Redirect.NEVER);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "plain", "buffering", "intercepting" })
	void connectionOfJdkFollowsWithGetOnly(String wrapping) throws IOException {
		ClientHttpRequestFactory factory = wrap(new SimpleClientHttpRequestFactory(), wrapping);
		assertThat(RedirectCheck.follows(request(factory, HttpMethod.GET))).isTrue();
		assertThat(RedirectCheck.follows(request(factory, HttpMethod.POST))).isFalse();
	}

	@Test
	void clientOfHttpComponentsIsJudgedByItsConfiguration() throws IOException {
		assertThat(RedirectCheck.follows(request(new HttpComponentsClientHttpRequestFactory(), HttpMethod.GET)))
			.isTrue();
		assertThat(RedirectCheck.follows(request(new HttpComponentsClientHttpRequestFactory(HttpClients.custom()
			.setDefaultRequestConfig(RequestConfig.custom().setRedirectsEnabled(false).build())
			.build()), HttpMethod.GET))).isFalse();
	}

	@Test
	void otherRequestsAreTakenToFollow() throws IOException {
		assertThat(RedirectCheck.follows(new MockClientHttpRequest())).isFalse();
		ClientHttpRequest unknown = (ClientHttpRequest) Proxy.newProxyInstance(getClass().getClassLoader(),
				new Class<?>[] { ClientHttpRequest.class }, (proxy, method, arguments) -> null);
		assertThat(RedirectCheck.follows(unknown)).isTrue();
	}

	@Test
	void fieldsCanBeReadInNativeImages() {
		RuntimeHints hints = new RuntimeHints();
		new RedirectCheck.Hints().registerHints(hints, getClass().getClassLoader());

		assertThat(hints.reflection().typeHints()).hasSize(7).allSatisfy((type) -> {
			Class<?> present = ClassUtils.resolveClassName(type.getType().getCanonicalName(), null);
			assertThat(type.fields()).isNotEmpty()
				.allSatisfy((field) -> assertThat(ReflectionUtils.findField(present, field.getName())).isNotNull());
		});
	}

	private static ClientHttpRequest request(ClientHttpRequestFactory factory, HttpMethod method) throws IOException {
		return factory.createRequest(URI.create("http://localhost/"), method);
	}

	private static ClientHttpRequestFactory wrap(ClientHttpRequestFactory factory, String wrapping) {
		return switch (wrapping) {
			case "buffering" -> new BufferingClientHttpRequestFactory(factory);
			case "intercepting" -> new InterceptingClientHttpRequestFactory(factory,
					List.of((request, body, execution) -> execution.execute(request, body)));
			default -> factory;
		};
	}

}
