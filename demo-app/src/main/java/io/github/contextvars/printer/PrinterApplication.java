package io.github.contextvars.printer;

import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;

/**
 * Main class of the printer, which shares nothing with Notebook but a class path: it has
 * no database.
 *
 * @since 0.1.0
 */
@SpringBootApplication(exclude = DataSourceAutoConfiguration.class)
public class PrinterApplication {

	/**
	 * Start the application.
	 * @param args the command line
	 */
	public static void main(String[] args) {
		builder().run(args);
	}

	/**
	 * Return a builder of the application, whose configuration is in
	 * {@code printer.yaml}.
	 * @return a new builder
	 */
	public static SpringApplicationBuilder builder() {
		return new SpringApplicationBuilder(PrinterApplication.class).main(PrinterApplication.class)
			.properties("spring.config.name=printer");
	}

}
