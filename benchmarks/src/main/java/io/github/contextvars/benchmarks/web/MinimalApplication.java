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
 * Application under load, with two controller methods and without any code of this
 * library. It exits when its standard input ends, as it does when the parent process
 * exits.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
@RestController
public class MinimalApplication {

	/**
	 * Start, and print the port, the milliseconds since the JVM's start and whether the
	 * starter is on the class path.
	 * @param arguments what Spring Boot takes
	 * @throws Exception if starting fails
	 */
	public static void main(String[] arguments) throws Exception {
		ConfigurableApplicationContext application = SpringApplication.run(MinimalApplication.class, arguments);
		long uptime = System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime();
		int port = ((WebServerApplicationContext) application).getWebServer().getPort();
		boolean starter = application.containsBean("contextVarsFilterRegistration");
		System.out.println("ready " + port + " " + uptime + " " + starter);
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
