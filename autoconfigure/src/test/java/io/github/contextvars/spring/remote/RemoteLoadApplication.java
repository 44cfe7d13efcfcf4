package io.github.contextvars.spring.remote;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.util.backoff.FixedBackOff;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;

/**
 * One of two applications: the front passes a request on by HTTP, the back sends it back
 * as a record, and the front's listener passes that on by HTTP again. Neither has code
 * for the tenant, apart from what writes down which one it reads. One unit in seven fails
 * once at each hop.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
public class RemoteLoadApplication {

	@ContextVariable(header = "X-Tenant")
	static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

	/**
	 * Start the back in a JVM of its own.
	 * @param arguments a file for its port, and properties
	 */
	public static void main(String[] arguments) throws Exception {
		ConfigurableApplicationContext app = start(List.of(arguments).subList(1, arguments.length));
		Path file = Path.of(arguments[0]);
		Path written = Files.writeString(file.resolveSibling("port.part"), Integer.toString(portOf(app)));
		Files.move(written, file);
	}

	static ConfigurableApplicationContext start(List<String> properties) {
		return new SpringApplicationBuilder(RemoteLoadApplication.class)
			.properties("server.port=0", "spring.main.banner-mode=off", "tests.frameworks=kafka",
					"contextvars.remote.send=tenant", "contextvars.remote.send-to=127.0.0.1,kafka",
					"contextvars.remote.receive=tenant", "contextvars.remote.receive-from=127.0.0.1,kafka",
					"spring.kafka.template.observation-enabled=true", "spring.kafka.listener.concurrency=3",
					"spring.kafka.consumer.auto-offset-reset=earliest", "logging.level.org.springframework.kafka=off")
			.properties(properties.toArray(String[]::new))
			.run();
	}

	static int portOf(ConfigurableApplicationContext app) {
		return ((ServletWebServerApplicationContext) app).getWebServer().getPort();
	}

	@Bean
	static DefaultErrorHandler retries() {
		return new DefaultErrorHandler(new FixedBackOff(0, 5));
	}

	@RestController
	static class Hops {

		private final Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();

		private final Map<String, List<String>> seen = new ConcurrentHashMap<>();

		private final RestClient client;

		private final KafkaTemplate<String, String> template;

		private final Environment environment;

		Hops(RestClient.Builder clients, KafkaTemplate<String, String> template, Environment environment) {
			this.client = clients.build();
			this.template = template;
			this.environment = environment;
		}

		@GetMapping("/begin")
		String begin(String id) {
			return call("/relay", id);
		}

		@GetMapping("/relay")
		String relay(String id) {
			see("relay", id);
			this.template.send(this.environment.getRequiredProperty("tests.topic"), id).join();
			failOnce("relay", id);
			return "";
		}

		@KafkaListener(topics = "${tests.topic}", groupId = "front", autoStartup = "${tests.front}")
		void on(String id) {
			see("listener", id);
			failOnce("listener", id);
			call("/end", id);
		}

		@GetMapping("/end")
		String end(String id) {
			see("end", id);
			failOnce("end", id);
			return "";
		}

		@GetMapping("/seen")
		Map<String, List<String>> seen() {
			return this.seen;
		}

		private String call(String path, String id) {
			return this.client.get()
				.uri("http://127.0.0.1:" + this.environment.getRequiredProperty("tests.back") + path + "?id={id}", id)
				.retrieve()
				.body(String.class);
		}

		private void see(String hop, String id) {
			this.seen.computeIfAbsent(hop + " " + id, (first) -> new CopyOnWriteArrayList<>()).add(TENANT.get());
		}

		private void failOnce(String hop, String id) {
			if (id.hashCode() % 7 == 0
					&& this.calls.computeIfAbsent(hop + id, (first) -> new AtomicInteger()).getAndIncrement() == 0) {
				throw new IllegalStateException("planned");
			}
		}

	}

}
