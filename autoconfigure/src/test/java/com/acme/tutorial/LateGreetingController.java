package com.acme.tutorial;

import java.util.concurrent.CompletableFuture;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
class LateGreetingController {

	private final Greeter greeter;

	LateGreetingController(Greeter greeter) {
		this.greeter = greeter;
	}

	@GetMapping("/greeting/later")
	CompletableFuture<String> greetingLater() {
		return this.greeter.greetLater();
	}

}
