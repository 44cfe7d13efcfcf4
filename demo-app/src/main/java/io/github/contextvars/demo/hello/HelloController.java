package io.github.contextvars.demo.hello;

import java.util.concurrent.CompletableFuture;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Greets clients, without asking who they are.
 */
@RestController
class HelloController {

	private final Porter porter;

	HelloController(Porter porter) {
		this.porter = porter;
	}

	@GetMapping("/hello")
	CompletableFuture<Greetings> hello() {
		String hello = welcome();
		return this.porter.goodBye().thenApply((goodBye) -> new Greetings(hello, goodBye));
	}

	private String welcome() {
		return "Hello, " + client();
	}

	private String client() {
		return "client @ " + address();
	}

	private String address() {
		return ClientAddress.CLIENT_ADDR.get();
	}

	private record Greetings(String hello, String goodBye) {

	}

}
