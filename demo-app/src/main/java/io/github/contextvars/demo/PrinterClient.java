package io.github.contextvars.demo;

import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.jms.core.JmsTemplate;
import org.springframework.stereotype.Component;
import org.springframework.web.client.ResourceAccessException;
import org.springframework.web.client.RestClient;

/**
 * Client of the printer. It sends texts only: tenant and user go with each request and
 * message, as {@code contextvars.remote} in {@code application.yaml} says.
 */
@Component
class PrinterClient {

	private final PrinterProcess printer;

	private final RestClient http;

	private final JmsTemplate jms;

	PrinterClient(PrinterProcess printer, RestClient.Builder http, JmsTemplate jms) {
		this.printer = printer;
		this.http = http.build();
		this.jms = jms;
	}

	Sheet print(Note note, Pause pause) {
		return call(() -> this.http.post()
			.uri(this.printer.uri() + "/sheets")
			.body(new Job(note.text(), pause.seconds()))
			.retrieve()
			.body(Sheet.class));
	}

	void mail(Note note, Pause pause) {
		this.jms.convertAndSend("mail", note.text(), (message) -> {
			message.setIntProperty("seconds", pause.seconds());
			return message;
		});
	}

	List<Sheet> sheets() {
		return List.of(get("/sheets", Sheet[].class));
	}

	String contexts() {
		return get("/actuator/contextvars", String.class);
	}

	private <T> T get(String path, Class<T> type) {
		return call(() -> this.http.get().uri(this.printer.uri() + path).retrieve().body(type));
	}

	private static <T> T call(Supplier<@Nullable T> exchange) {
		try {
			return Objects.requireNonNull(exchange.get());
		}
		catch (ResourceAccessException ex) {
			throw ProblemException.unavailable("The printer does not respond");
		}
	}

	private record Job(String text, int seconds) {

	}

}
