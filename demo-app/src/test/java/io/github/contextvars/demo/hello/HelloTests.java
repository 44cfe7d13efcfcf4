package io.github.contextvars.demo.hello;

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.resttestclient.autoconfigure.AutoConfigureRestTestClient;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.web.servlet.client.RestTestClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link HelloController} and the {@link FarewellService} that it calls.
 */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@AutoConfigureRestTestClient
class HelloTests {

	@Autowired
	private RestTestClient client;

	@Test
	void helloGreetsClientOnItsThreadAndOnAnother() {
		RestTestClient.BodyContentSpec body = this.client.get()
			.uri("/hello")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody();

		String address = "(127\\.0\\.0\\.1|[0:]+:1)";
		body.jsonPath("$.hello").value(String.class, (text) -> assertThat(text).matches("Hello, client @ " + address));
		body.jsonPath("$.goodBye")
			.value(String.class,
					(text) -> assertThat(text).matches("Good bye, client @ " + address + ", from task-\\d+"));
	}

}
