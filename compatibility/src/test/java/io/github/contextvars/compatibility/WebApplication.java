package io.github.contextvars.compatibility;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import jakarta.servlet.ServletRequestEvent;
import jakarta.servlet.ServletRequestListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.event.EventListener;
import org.springframework.graphql.data.method.annotation.QueryMapping;
import org.springframework.jms.annotation.JmsListener;
import org.springframework.jms.core.JmsTemplate;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.messaging.simp.annotation.SubscribeMapping;
import org.springframework.messaging.simp.config.MessageBrokerRegistry;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody;
import org.springframework.web.servlet.support.ServletUriComponentsBuilder;
import org.springframework.web.socket.config.annotation.EnableWebSocketMessageBroker;
import org.springframework.web.socket.config.annotation.StompEndpointRegistry;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextSetting;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;

/**
 * Servlet application with all that a request can cause. Each path returns the tenant as
 * the code behind it sees it.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@EnableAsync
@EnableScheduling
@Import({ WebApplication.RequestController.class, WebApplication.MessageController.class, WebApplication.Tasks.class,
		WebApplication.Listeners.class, WebApplication.Broker.class })
class WebApplication {

	static final String NONE = "none";

	@ContextVariable(logged = true, observed = true, header = "X-Sent-Tenant")
	static final ContextVar<String> TENANT = ContextVar.of("tenant");

	@ContextVariable
	static final ContextVar<String> USER = ContextVar.of("user");

	/**
	 * The pool behind the bean {@code reports}, which the library has not decorated.
	 */
	static final ExecutorService POOL = Executors.newSingleThreadExecutor();

	/**
	 * Requests that left a context on their thread.
	 */
	static final Queue<String> LEAKS = new ConcurrentLinkedQueue<>();

	/**
	 * What the scheduled method saw.
	 */
	static final Queue<String> SCHEDULED = new ConcurrentLinkedQueue<>();

	/**
	 * Tenants of observations of requests.
	 */
	static final Queue<String> OBSERVED = new ConcurrentLinkedQueue<>();

	private static final Map<String, CompletableFuture<String>> REPLIES = new ConcurrentHashMap<>();

	@Bean
	SecurityFilterChain securityFilterChain(HttpSecurity http) throws Exception {
		return http.csrf(AbstractHttpConfigurer::disable)
			.authorizeHttpRequests((requests) -> requests.anyRequest().permitAll())
			.httpBasic(Customizer.withDefaults())
			.build();
	}

	@Bean(destroyMethod = "", defaultCandidate = false)
	ExecutorService reports() {
		return POOL;
	}

	// Spring Boot's own backs off where there are schedulers for STOMP.
	@Bean
	ThreadPoolTaskScheduler taskScheduler() {
		return new ThreadPoolTaskScheduler();
	}

	// Outside all filters.
	@Bean
	ServletRequestListener leakDetector() {
		return new ServletRequestListener() {

			@Override
			public void requestDestroyed(ServletRequestEvent event) {
				if (Context.depth() != 0) {
					LEAKS.add(event.getServletRequest().toString());
				}
			}

		};
	}

	@Bean
	ObservationHandler<Observation.Context> observedTenants() {
		return new ObservationHandler<>() {

			@Override
			public void onStop(Observation.Context context) {
				if ("http.server.requests".equals(context.getName())
						&& context.getHighCardinalityKeyValue("tenant") != null) {
					OBSERVED.add(context.getHighCardinalityKeyValue("tenant").getValue());
				}
			}

			@Override
			public boolean supportsContext(Observation.Context context) {
				return true;
			}

		};
	}

	@RestController
	static class RequestController {

		private static final Logger logger = LoggerFactory.getLogger(WebApplication.class);

		private final Tasks tasks;

		private final TaskScheduler scheduler;

		private final ExecutorService reports;

		private final ApplicationEventPublisher events;

		private final RestClient restClient;

		RequestController(Tasks tasks, @Qualifier("taskScheduler") TaskScheduler scheduler,
				@Qualifier("reports") ExecutorService reports, ApplicationEventPublisher events,
				RestClient.Builder restClient) {
			this.tasks = tasks;
			this.scheduler = scheduler;
			this.reports = reports;
			this.events = events;
			this.restClient = restClient.build();
		}

		@GetMapping("/request")
		String request() {
			return TENANT.get(NONE);
		}

		@GetMapping("/async")
		CompletableFuture<String> async() {
			return this.tasks.async();
		}

		@GetMapping("/callable")
		Callable<String> callable() {
			return () -> TENANT.get(NONE);
		}

		@GetMapping("/deferred")
		DeferredResult<String> deferred() {
			DeferredResult<String> result = new DeferredResult<>(10L);
			result.onTimeout(() -> result.setResult(TENANT.get(NONE)));
			return result;
		}

		@GetMapping("/streaming")
		StreamingResponseBody streaming() {
			return (stream) -> stream.write(TENANT.get(NONE).getBytes(StandardCharsets.UTF_8));
		}

		@GetMapping("/scheduler")
		CompletableFuture<String> scheduler() {
			CompletableFuture<String> result = new CompletableFuture<>();
			this.scheduler.schedule(() -> result.complete(TENANT.get(NONE)), Instant.now());
			return result;
		}

		@GetMapping("/executor")
		CompletableFuture<String> executor() {
			return CompletableFuture.supplyAsync(() -> TENANT.get(NONE), this.reports);
		}

		@GetMapping("/event")
		CompletableFuture<String> event() {
			Question question = new Question(new CompletableFuture<>());
			this.events.publishEvent(question);
			return question.answer();
		}

		@GetMapping("/scoped")
		String scoped() {
			return this.tasks.scoped() + " in " + TENANT.get(NONE);
		}

		@GetMapping("/fresh")
		String fresh() {
			return this.tasks.fresh();
		}

		@GetMapping("/from-context")
		String fromContext(@FromContext(name = "tenant", defaultValue = NONE) String tenant) {
			return tenant;
		}

		@GetMapping("/user")
		String user() {
			return USER.get(NONE);
		}

		@GetMapping("/log")
		String log() {
			logger.info("A line of a request");
			return TENANT.get(NONE);
		}

		@GetMapping("/remote")
		String remote() {
			return this.restClient.get()
				.uri(ServletUriComponentsBuilder.fromCurrentContextPath().path("/request").toUriString())
				.retrieve()
				.body(String.class);
		}

	}

	@RestController
	static class MessageController {

		private final JmsTemplate jmsTemplate;

		private final KafkaTemplate<String, String> kafkaTemplate;

		MessageController(JmsTemplate jmsTemplate, KafkaTemplate<String, String> kafkaTemplate) {
			this.jmsTemplate = jmsTemplate;
			this.kafkaTemplate = kafkaTemplate;
		}

		@GetMapping("/jms")
		CompletableFuture<String> jms() {
			String id = UUID.randomUUID().toString();
			CompletableFuture<String> reply = new CompletableFuture<>();
			REPLIES.put(id, reply);
			this.jmsTemplate.convertAndSend("questions", id);
			return reply;
		}

		@GetMapping("/kafka")
		CompletableFuture<String> kafka() {
			String id = UUID.randomUUID().toString();
			CompletableFuture<String> reply = new CompletableFuture<>();
			REPLIES.put(id, reply);
			this.kafkaTemplate.send("questions", id);
			return reply;
		}

	}

	/**
	 * A request's question for the tenant that a listener sees.
	 *
	 * @param answer the answer
	 */
	record Question(CompletableFuture<String> answer) {

	}

	static class Tasks {

		@Async
		CompletableFuture<String> async() {
			return CompletableFuture.completedFuture(TENANT.get(NONE));
		}

		@Async
		@EventListener
		void answer(Question question) {
			question.answer().complete(TENANT.get(NONE));
		}

		@ContextScoped(set = @ContextSetting(variable = "tenant", value = "'inner'"))
		String scoped() {
			return TENANT.get(NONE);
		}

		@ContextScoped(fresh = true)
		String fresh() {
			return TENANT.get(NONE);
		}

		@Scheduled(fixedDelay = 20)
		void schedule() {
			SCHEDULED.add(TENANT.get(NONE));
			TENANT.set("of the run before");
		}

	}

	static class Listeners {

		@JmsListener(destination = "questions")
		void fromJms(String id) {
			reply(id);
		}

		@KafkaListener(id = "kafkaQuestions", topics = "questions", groupId = "answers")
		void fromKafka(String id) {
			reply(id);
		}

		// Not started: there need not be a server.
		@RabbitListener(id = "rabbitQuestions", queues = "questions", autoStartup = "false")
		void fromRabbit(String id) {
			reply(id);
		}

		private void reply(String id) {
			REPLIES.remove(id).complete(TENANT.get(NONE));
			TENANT.set("of the message before");
		}

	}

	@Controller
	@EnableWebSocketMessageBroker
	static class Broker implements WebSocketMessageBrokerConfigurer {

		@Override
		public void registerStompEndpoints(StompEndpointRegistry registry) {
			registry.addEndpoint("/stomp");
		}

		@Override
		public void configureMessageBroker(MessageBrokerRegistry registry) {
			registry.setApplicationDestinationPrefixes("/app");
		}

		@SubscribeMapping("/tenant")
		String stomp() {
			return TENANT.get(NONE);
		}

		@QueryMapping
		String tenant() {
			return TENANT.get(NONE);
		}

		@QueryMapping
		Callable<String> tenantOnOtherThread() {
			return () -> TENANT.get(NONE);
		}

	}

}
