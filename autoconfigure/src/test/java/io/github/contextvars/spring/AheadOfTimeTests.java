package io.github.contextvars.spring;

import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import feign.Client;
import io.github.resilience4j.core.ContextAwareScheduledThreadPoolExecutor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.cloud.circuitbreaker.resilience4j.Resilience4JCircuitBreakerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.support.CompositeTaskDecorator;
import org.springframework.integration.channel.AbstractExecutorChannel;
import org.springframework.integration.channel.QueueChannel;
import org.springframework.integration.dispatcher.PartitionedDispatcher;
import org.springframework.integration.endpoint.AbstractPollingEndpoint;
import org.springframework.integration.gateway.GatewayMessageHandler;
import org.springframework.integration.gateway.GatewayProxyFactoryBean;
import org.springframework.integration.handler.support.IntegrationMessageHandlerMethodFactory;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.concurrent.ConcurrentTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import reactor.core.publisher.Flux;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextSetting;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.boot.actuate.ContextVarsEndpoint;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsEndpointAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsFillAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsProperties;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsRemoteAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsScopedAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.remote.RemoteFeignCapability;
import io.github.contextvars.spring.testing.PreparedApplication;
import io.github.contextvars.spring.testing.Services;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for applications that are prepared ahead of time, and for the hints that go into
 * a native image: it can reflect upon, and proxy, nothing else.
 */
class AheadOfTimeTests {

	private static PreparedApplication application;

	private static RuntimeHints hints;

	@BeforeAll
	static void prepare(@TempDir Path directory) {
		application = new PreparedApplication(directory, Application.class,
				"management.endpoints.web.exposure.include=contextvars", "contextvars.remote.send=tenant");
		hints = application.hints();
	}

	@Test
	void everythingPropagates() throws Exception {
		assertThat(application.run(Main.class)).contains("declared: [tenant, ticket, user]", "scheduler: acme",
				"pool: acme", "service: acme", "async: acme", "scoped: globex", "outside: acme");
	}

	@Test
	void entryPointsPropagate(@TempDir Path directory) throws Exception {
		assertThat(new PreparedApplication(directory, EntryPointApplication.class).run(EntryPointApplication.class))
			.contains("WebSocket: alice hello", "Endpoint: alice hello", "Remote: acme 7, acme 0",
					"Deferred result: heidi for grace", "Tomcat's log: [grace]",
					"GraphQL: {\"data\":{\"bound\":\"frank\"}}", "Kafka: bob hello", "gRPC: carol hello",
					"Quartz: dave StdScheduler", "Integration: dave hello dave", "JMS: hello - erin",
					"Pulsar: hello - erin", "Construction: -", "Bulkhead: carol", "Circuit breaker: carol")
			.contains(Services.RABBITMQ.isThere() ? "RabbitMQ: hello - erin" : "")
			.contains(Services.REDIS.isThere() ? "Redis: hello - erin" : "")
			.contains(Services.REDIS.isThere() ? "Redis stream: hello - erin" : "");
	}

	@Test
	void fieldsOfDeclaredVariablesCanBeRead() {
		assertThat(RuntimeHintsPredicates.reflection().onFieldAccess(Application.class, "USER")).accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection().onFieldAccess(Variables.class, "TENANT")).accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection().onFieldAccess(Application.class, "OTHER")).rejects(hints);
	}

	@Test
	void fieldsOfIntegrationCanBeRead() {
		assertThat(RuntimeHintsPredicates.reflection().onFieldAccess(AbstractPollingEndpoint.class, "adviceChain"))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection().onFieldAccess(AbstractExecutorChannel.class, "executor"))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection().onFieldAccess(AbstractExecutorChannel.class, "dispatcher"))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection().onFieldAccess(QueueChannel.class, "queue")).accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection().onFieldAccess(GatewayProxyFactoryBean.class, "asyncExecutor"))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection().onFieldAccess(GatewayMessageHandler.class, "executor"))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onFieldAccess(PartitionedDispatcher.class, "messageHandlingTaskDecorator")).accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection().onFieldAccess(PartitionedDispatcher.class, "errorHandler"))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onFieldAccess(IntegrationMessageHandlerMethodFactory.class, "argumentResolvers")).accepts(hints);
	}

	@Test
	void fieldsOfResilience4jCanBeRead() {
		assertThat(RuntimeHintsPredicates.reflection()
			.onFieldAccess(ContextAwareScheduledThreadPoolExecutor.class, "contextPropagators")).accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onFieldAccess(Resilience4JCircuitBreakerFactory.class, "executorService")).accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onFieldAccess(Resilience4JCircuitBreakerFactory.class, "groupExecutorServiceFactory")).accepts(hints);
	}

	@Test
	void clientsThatSendVariablesCanBeCheckedForRedirects() throws Exception {
		assertThat(RuntimeHintsPredicates.reflection()
			.onFieldAccess("org.springframework.http.client.JdkClientHttpRequest", "httpClient")).accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onMethodInvocation(RemoteFeignCapability.class.getMethod("enrich", Client.class))).accepts(hints);
	}

	@Test
	void decoratorsOfExecutorsCanBeRead() {
		assertThat(RuntimeHintsPredicates.reflection().onFieldAccess(ThreadPoolTaskExecutor.class, "taskDecorator"))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection().onFieldAccess(SimpleAsyncTaskExecutor.class, "taskDecorator"))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection().onFieldAccess(ConcurrentTaskExecutor.class, "taskDecorator"))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection().onFieldAccess(CompositeTaskDecorator.class, "taskDecorators"))
			.accepts(hints);
	}

	@Test
	void proxyClassesOfExecutorsAreGenerated() {
		assertThat(application.hasGenerated(Scheduler.class.getName() + "$$SpringCGLIB$$0")).isTrue();
		assertThat(application.hasGenerated(Pool.class.getName() + "$$SpringCGLIB$$0")).isFalse();
		for (Field field : ThreadPoolTaskScheduler.class.getDeclaredFields()) {
			assertThat(RuntimeHintsPredicates.reflection().onFieldAccess(field)).accepts(hints);
		}
	}

	@Test
	void poolsBehindInterfacesHaveProxyClasses() {
		assertThat(hints.reflection().typeHints()).extracting((hint) -> hint.getType().getName())
			.anyMatch((name) -> name.contains("ExecutorProxyFactory$ExtensibleThreadPoolExecutor$$SpringCGLIB$$"))
			.anyMatch((name) -> name.contains("ExecutorProxyFactory$ExtensibleForkJoinPool$$SpringCGLIB$$"));
		assertThat(RuntimeHintsPredicates.proxies()
			.forInterfaces(AopProxyUtils.completeJdkProxyInterfaces(ExecutorService.class))).accepts(hints);
	}

	@Test
	void expressionsCanReadArguments() throws NoSuchMethodException {
		assertThat(RuntimeHintsPredicates.reflection().onMethodInvocation(Order.class.getDeclaredMethod("tenant")))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection().onMethodInvocation(Receipt.class.getDeclaredMethod("number")))
			.rejects(hints);
		assertThat(RuntimeHintsPredicates.reflection().onMethodInvocation(Shop.class, "fulfil")).accepts(hints);
	}

	@Test
	void optionalTypesCanBeLookedUp() {
		assertThat(RuntimeHintsPredicates.reflection().onType(Flux.class)).accepts(hints);
	}

	@Test
	void endpointCanBeAnsweredAndPropertiesBound() throws NoSuchMethodException {
		assertThat(RuntimeHintsPredicates.reflection()
			.onMethodInvocation(ContextVarsEndpoint.ContextDescriptor.class.getMethod("variables"))).accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onMethodInvocation(ContextVarsProperties.OutsideContext.class, "setSet")).accepts(hints);
		assertThat(
				RuntimeHintsPredicates.reflection().onMethodInvocation(ContextVarsProperties.Fill.class, "setHeader"))
			.accepts(hints);
		assertThat(
				RuntimeHintsPredicates.reflection().onMethodInvocation(ContextVarsProperties.Remote.class, "setFormat"))
			.accepts(hints);
	}

	interface Variables {

		@ContextVariable
		ContextVar<String> TENANT = ContextVar.of("tenant");

		default String tenant() {
			return TENANT.get();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAsync
	@ImportAutoConfiguration({ ContextVarsAutoConfiguration.class, ContextVarsTaskAutoConfiguration.class,
			ContextVarsScopedAutoConfiguration.class, ContextVarsEndpointAutoConfiguration.class,
			ContextVarsFillAutoConfiguration.class, ContextVarsRemoteAutoConfiguration.class })
	static class Application implements Variables {

		@ContextVariable
		static final ContextVar<String> USER = ContextVar.of("user");

		static final ContextVar<String> OTHER = ContextVar.of("other");

		@Bean
		Scheduler scheduler() {
			return new Scheduler();
		}

		@Bean
		Pool pool() {
			return new Pool();
		}

		@Bean(destroyMethod = "shutdown")
		ExecutorService service() {
			return Executors.newCachedThreadPool();
		}

		@Bean
		Executor direct() {
			return Runnable::run;
		}

		@Bean
		@ContextVariable
		ContextVar<String> ticket() {
			return ContextVar.of("ticket");
		}

		@Bean
		Shop shop() {
			return new Shop();
		}

	}

	static class Scheduler extends ThreadPoolTaskScheduler {

		private static final long serialVersionUID = 1L;

	}

	static class Pool extends ThreadPoolTaskExecutor {

		private static final long serialVersionUID = 1L;

	}

	static class Shop {

		@ContextScoped(set = @ContextSetting(variable = "tenant", value = "#order.tenant"))
		String fulfil(Order order) {
			return Variables.TENANT.get();
		}

		@ContextScoped
		void print(Receipt receipt) {
		}

		@Async
		CompletableFuture<String> mail() {
			return CompletableFuture.completedFuture(Variables.TENANT.get());
		}

	}

	public static final class Main {

		public static void main(String[] args) throws Exception {
			try (GenericApplicationContext context = PreparedApplication.context(args[0])) {
				System.out.println("declared: "
						+ context.getBean(ContextVariableRegistry.class).names().stream().sorted().toList());
				Shop shop = context.getBean(Shop.class);
				new Context().<Void, Exception>call(() -> {
					Variables.TENANT.set("acme");
					System.out.println("scheduler: "
							+ context.getBean(Scheduler.class).submit(() -> Variables.TENANT.get()).get());
					System.out
						.println("pool: " + context.getBean(Pool.class).submit(() -> Variables.TENANT.get()).get());
					System.out.println("service: "
							+ context.getBean(ExecutorService.class).submit(() -> Variables.TENANT.get()).get());
					System.out.println("async: " + shop.mail().get());
					System.out.println("scoped: " + shop.fulfil(new Order("globex")));
					System.out.println("outside: " + Variables.TENANT.get());
					return null;
				});
			}
		}

	}

	record Order(String tenant) {

	}

	record Receipt(int number) {

	}

}
