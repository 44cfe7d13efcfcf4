package io.github.contextvars.demo;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.scheduling.annotation.EnableAsync;

/**
 * A notebook for several tenants.
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
