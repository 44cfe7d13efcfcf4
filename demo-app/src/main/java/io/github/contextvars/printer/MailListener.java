package io.github.contextvars.printer;

import org.springframework.jms.annotation.JmsListener;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.stereotype.Component;

/**
 * Listener that prints what comes in the mail.
 */
@Component
class MailListener {

	private final Printer printer;

	MailListener(Printer printer) {
		this.printer = printer;
	}

	@JmsListener(id = "mail", destination = "mail")
	void print(String text, @Header("seconds") int seconds) {
		this.printer.print("mail", text, seconds);
	}

}
