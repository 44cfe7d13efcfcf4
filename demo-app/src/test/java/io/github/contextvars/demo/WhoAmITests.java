package io.github.contextvars.demo;

import java.util.List;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.resttestclient.autoconfigure.AutoConfigureRestTestClient;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.web.servlet.client.RestTestClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link WhoAmIController}, and for the mix-ups of
 * {@link NaiveWhoAmIController}.
 */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@AutoConfigureRestTestClient
class WhoAmITests {

	@Autowired
	private RestTestClient client;

	@Test
	void whoAmIReturnsCallerAsSeenOnOtherThread() {
		assertThat(usersReturned("/whoami")).containsExactlyElementsOf(users());
		assertThat(whoAmI("/whoami", "ada").thread()).startsWith("task-");
	}

	@Test
	void naiveWhoAmIReturnsCallersWhoseRequestsCreatedTheThreads() {
		whoAmI("/naive/whoami", "first");

		assertThat(usersReturned("/naive/whoami")).isNotEqualTo(users());
	}

	private static List<String> users() {
		return IntStream.range(0, 12).mapToObj((number) -> "user-" + number).toList();
	}

	private List<String> usersReturned(String path) {
		return users().stream().map((user) -> whoAmI(path, user).user()).toList();
	}

	private Identity whoAmI(String path, String user) {
		return this.client.get()
			.uri(path)
			.header("X-Tenant", "initech")
			.header("X-User", user)
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody(Identity.class)
			.returnResult()
			.getResponseBody();
	}

}
