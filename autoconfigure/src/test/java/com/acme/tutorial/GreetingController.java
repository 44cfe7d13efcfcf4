package com.acme.tutorial;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import io.github.contextvars.spring.annotation.FromContext;

@RestController
class GreetingController {

	@GetMapping("/greeting")
	String greeting(@FromContext String tenant) {
		return "Hello, " + tenant;
	}

}
