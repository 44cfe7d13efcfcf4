package io.github.contextvars.demo;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.scheduling.annotation.EnableAsync;

/**
 * Main class of Notebook, a service that keeps the notes of several tenants.
 *
 * @since 0.1.0
 * @see TenantInterceptor
 */
@SpringBootApplication
@ConfigurationPropertiesScan
@EnableAsync
public class NotebookApplication {

	/**
	 * Start the application.
	 * @param args the command line
	 */
	public static void main(String[] args) {
		SpringApplication.run(NotebookApplication.class, args);
	}

}
