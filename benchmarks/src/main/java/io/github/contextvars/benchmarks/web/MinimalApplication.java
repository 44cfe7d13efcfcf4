package io.github.contextvars.benchmarks.web;

import java.lang.management.ManagementFactory;

import com.sun.management.OperatingSystemMXBean;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * The application under load: two controller methods, and nothing of this library. It
 * ends with its standard input, as when the process that started it does.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
@RestController
public class MinimalApplication {

	/**
	 * Start, and say on which port and after how many milliseconds of this JVM.
	 * @param arguments what Spring Boot takes
	 * @throws Exception if starting fails
	 */
	public static void main(String[] arguments) throws Exception {
		ConfigurableApplicationContext application = SpringApplication.run(MinimalApplication.class, arguments);
		long uptime = System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime();
		int port = ((WebServerApplicationContext) application).getWebServer().getPort();
		boolean carries = application.containsBean("contextFilterRegistration");
		System.out.println("ready " + port + " " + uptime + " " + carries);
		while (System.in.read() >= 0) {
			continue;
		}
		application.close();
	}

	/**
	 * Greet.
	 * @return the greeting
	 */
	@GetMapping("/")
	public String hello() {
		return "Hello!";
	}

	/**
	 * Return the processor time that this process has used.
	 * @return the time in nanoseconds, with as many digits always
	 */
	@GetMapping("/cpu")
	public String cpu() {
		OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
		return String.format("%016d", system.getProcessCpuTime());
	}

}
