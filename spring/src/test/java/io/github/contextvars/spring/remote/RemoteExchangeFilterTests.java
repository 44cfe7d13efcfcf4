package io.github.contextvars.spring.remote;

import java.net.URI;
import java.util.List;
import java.util.Set;

import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.client.Request;
import org.junit.jupiter.api.Test;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.mock.http.client.reactive.MockClientHttpRequest;
import org.springframework.web.reactive.function.client.ClientRequest;
import org.springframework.web.reactive.function.client.ClientResponse;
import org.springframework.web.reactive.function.client.ExchangeStrategies;
import reactor.core.publisher.Mono;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

class RemoteExchangeFilterTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

	private final RemoteDrops drops = new RemoteDrops();

	private final RemoteSender sender = new RemoteSender(
			List.of(RemoteReceiverTests.variable(TENANT, String.class, "X-Tenant")),
			new ContextRemoteConfiguration.Settings(Set.of(), Set.of("orders"), Set.of(), Set.of(),
					ContextRemoteConfiguration.Format.HEADERS, false),
			WorkRegistry::tracking, this.drops, getClass().getClassLoader());

	@Test
	void valuesAreAddedToRequestsOfNamedHosts() {
		assertThat(send("http://orders/a", null, "http://orders/a", jetty(false))).containsExactly("acme");
		assertThat(send("http://other/a", null, "http://other/a", jetty(false))).isNull();
		assertThat(this.sender.entries()).isEmpty();
	}

	@Test
	void headerOfTheApplicationStays() {
		assertThat(send("http://orders/a", "application", "http://orders/a", jetty(false)))
			.containsExactly("application");
	}

	@Test
	void valuesAreNotAddedToARequestThatAnotherFilterHasSentElsewhere() {
		assertThat(send("http://orders/a", null, "http://other/a", jetty(false))).isNull();
		assertThat(this.drops.count(RemoteDrops.Reason.REDIRECTS)).isZero();
	}

	@Test
	void clientThatFollowsRedirectsIsRefused() {
		assertThat(send("http://orders/a", null, "http://orders/a", jetty(true))).isNull();
		assertThat(this.drops.count(RemoteDrops.Reason.REDIRECTS)).isEqualTo(1);
		assertThat(this.sender.entries()).singleElement()
			.returns("WebClient with HttpRequest", PropagationSource.Entry::name)
			.returns(RemoteSender.SWITCH_OFF, PropagationSource.Entry::remedy);
	}

	@Test
	void clientThatIsNotKnownIsRefused() {
		assertThat(send("http://orders/a", null, "http://orders/a", "native request")).isNull();
		assertThat(send("http://orders/a", null, "http://orders/a", null)).isNull();
		assertThat(this.drops.count(RemoteDrops.Reason.REDIRECTS)).isEqualTo(2);
	}

	// Return the header of what is sent.
	private List<String> send(String url, String header, String sentTo, Object nativeRequest) {
		MockClientHttpRequest sent = new MockClientHttpRequest(HttpMethod.GET, URI.create(sentTo)) {

			@Override
			@SuppressWarnings("unchecked")
			public <T> T getNativeRequest() {
				if (nativeRequest == null) {
					throw new IllegalArgumentException("none");
				}
				return (T) nativeRequest;
			}

		};
		ClientRequest.Builder request = ClientRequest.create(HttpMethod.GET, URI.create(url));
		if (header != null) {
			request.header("X-Tenant", header);
		}
		Mono<ClientResponse> response = new Context().call(() -> {
			TENANT.set("acme");
			return new RemoteExchangeFilter(this.sender).filter(request.build(),
					(filtered) -> filtered.writeTo(sent, ExchangeStrategies.withDefaults())
						.thenReturn(ClientResponse.create(HttpStatus.OK).build()));
		});
		assertThat(response.block().statusCode()).isEqualTo(HttpStatus.OK);
		return sent.getHeaders().get("X-Tenant");
	}

	private static Request jetty(boolean followRedirects) {
		return new HttpClient().newRequest("http://orders/a").followRedirects(followRedirects);
	}

}
