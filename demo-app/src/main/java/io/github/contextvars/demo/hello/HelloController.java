package io.github.contextvars.demo.hello;

import java.util.concurrent.CompletableFuture;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Controller that greets a client by its address, which no method takes as a parameter.
 */
@RestController
class HelloController {

	private final FarewellService farewellService;

	HelloController(FarewellService farewellService) {
		this.farewellService = farewellService;
	}

	@GetMapping("/hello")
	CompletableFuture<Greetings> hello() {
		String hello = welcome();
		return this.farewellService.goodBye().thenApply((goodBye) -> new Greetings(hello, goodBye));
	}

	private String welcome() {
		return "Hello, " + client();
	}

	private String client() {
		return "client @ " + address();
	}

	private String address() {
		return ClientAddressFilter.CLIENT_ADDR.get();
	}

	private record Greetings(String hello, String goodBye) {

	}

}
