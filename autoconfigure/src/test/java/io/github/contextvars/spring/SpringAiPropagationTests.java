package io.github.contextvars.spring;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import io.micrometer.context.ContextRegistry;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientSseClientTransport;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.client.transport.customizer.McpSyncHttpClientRequestCustomizer;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.AdvisorChain;
import org.springframework.ai.chat.client.advisor.api.BaseAdvisor;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.mcp.annotation.McpTool;
import org.springframework.ai.mcp.annotation.context.McpSyncRequestContext;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.annotation.Tool;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.annotation.ImportCandidates;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.MixedWork;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.spring.threadlocal.ContextThreadLocalAccessor;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tools and advisors of Spring AI's chat clients, tools of its MCP servers and callbacks
 * of MCP clients: which values they see with the library, and that without it they see
 * others or none.
 */
class SpringAiPropagationTests {

	private static final int CALLS = 60;

	private static final List<String> CHATS = List.of("call", "stream", "blocked");

	@AfterAll
	static void restore() {
		Hooks.disableAutomaticContextPropagation();
		ContextRegistry.getInstance().registerThreadLocalAccessor(new ContextThreadLocalAccessor());
	}

	@Test
	void chatsServersAndClientsSeeTheValueOfTheirCallerAndWithoutTheLibraryOthers() throws Exception {
		Map<String, Integer> rows = new LinkedHashMap<>();
		for (String chat : CHATS) {
			rows.put(chat + " advisor", 2 * CALLS);
			rows.put(chat + " model", 2 * CALLS);
			rows.put(chat + " tool", CALLS);
		}
		for (String code : List.of("tool", "resumed tool", "sampling", "logging")) {
			rows.put("mcp " + code, CALLS);
		}

		try (WebApp app = start(true, "STREAMABLE"); McpSyncClient client = client(app, "STREAMABLE")) {
			ask(app);
			call(client, "conversation");
			rows.forEach(Observed::await);
			client.close();
			app.assertClean();
		}
		assertThat(rows.keySet()).allSatisfy((code) -> assertThat(Observed.wrong(code)).isEmpty());

		try (WebApp app = start(false, "STREAMABLE"); McpSyncClient client = client(app, "STREAMABLE")) {
			ask(app);
			call(client, "conversation");
			rows.forEach(Observed::await);
		}
		assertThat(rows.keySet()).allSatisfy((code) -> assertThat(Observed.wrong(code)).isNotEmpty());
	}

	@Test
	void callbacksOfAClientOverSseSeeTheContextOfItsConnection() throws Exception {
		try (WebApp app = start(true, "SSE"); McpSyncClient client = client(app, "SSE")) {
			call(client, "conversation");
			for (String code : List.of("mcp tool", "mcp resumed tool", "mcp sampling", "mcp logging")) {
				Observed.await(code, CALLS);
			}
		}
		assertThat(Observed.wrong("mcp tool")).isEmpty();
		assertThat(Observed.wrong("mcp resumed tool")).isEmpty();
		assertThat(Observed.wrong("mcp sampling")).hasSize(CALLS).allMatch((seen) -> seen.endsWith("saw connection"));
		assertThat(Observed.wrong("mcp logging")).hasSize(CALLS).allMatch((seen) -> seen.endsWith("saw connection"));
	}

	@Test
	void toolsOfAStatelessServerSeeTheValueOfTheirRequest() throws Exception {
		try (WebApp app = start(true, "STATELESS"); McpSyncClient client = client(app, "STATELESS")) {
			call(client, "tool");
		}
		Observed.await("mcp tool", CALLS);
		assertThat(Observed.wrong("mcp tool")).isEmpty();
	}

	private static WebApp start(boolean library, String protocol) {
		Observed.SEEN.clear();
		List<String> own = new ArrayList<>();
		ImportCandidates.load(AutoConfiguration.class, null).forEach(own::add);
		own.removeIf((type) -> library || !type.startsWith("io.github.contextvars."));
		WebApp app = WebApp.start(Application.class, "tests.frameworks=ai", "server.tomcat.threads.max=8",
				"server.shutdown=immediate", "spring.ai.mcp.server.protocol=" + protocol,
				"spring.reactor.context-propagation=auto", "spring.autoconfigure.exclude=" + String.join(",", own));
		if (!library) {
			ContextRegistry.getInstance().removeThreadLocalAccessor(ContextThreadLocalAccessor.KEY);
		}
		return app;
	}

	private static void ask(WebApp app) throws Exception {
		for (String chat : CHATS) {
			forEachTenant((tenant) -> {
				String path = "/" + chat + "/" + tenant;
				String answer = tenant.equals("-") ? app.get(path).body() : app.get(path, "X-Tenant", tenant).body();
				return assertThat(answer).contains("answer");
			});
		}
	}

	private static void call(McpSyncClient client, String tool) throws Exception {
		forEachTenant((tenant) -> inContextOf(tenant, () -> {
			McpSchema.CallToolRequest request = McpSchema.CallToolRequest.builder(tool)
				.arguments(Map.of("expected", "mcp " + tenant))
				.build();
			return assertThat(client.callTool(request).isError()).isNotEqualTo(true);
		}));
	}

	private static void forEachTenant(Call call) throws Exception {
		ExecutorService clients = Executors.newFixedThreadPool(4);
		try {
			List<Future<?>> calls = new ArrayList<>();
			for (MixedWork.Unit unit : MixedWork.units(CALLS)) {
				calls.add(clients.submit(() -> call.call(unit.expected())));
			}
			for (Future<?> each : calls) {
				each.get(30, TimeUnit.SECONDS);
			}
		}
		finally {
			clients.shutdownNow();
		}
	}

	private static McpSyncClient client(WebApp app, String protocol) throws Exception {
		McpSyncClient client = McpClient.sync(transport(app, protocol))
			.capabilities(McpSchema.ClientCapabilities.builder().sampling().build())
			.sampling((request) -> {
				Observed.see("sampling", ((McpSchema.TextContent) request.messages().get(0).content()).text());
				return McpSchema.CreateMessageResult.builder(McpSchema.Role.ASSISTANT, "answer", "model").build();
			})
			.loggingConsumer((message) -> Observed.see("logging", message.data()))
			.build();
		inContextOf("connection", client::initialize);
		return client;
	}

	@SuppressWarnings("deprecation") // as long as servers may use it
	private static McpClientTransport transport(WebApp app, String protocol) {
		String server = "http://localhost:" + app.port();
		McpSyncHttpClientRequestCustomizer customizer = app.bean(McpSyncHttpClientRequestCustomizer.class);
		return protocol.equals("SSE")
				? HttpClientSseClientTransport.builder(server).httpRequestCustomizer(customizer).build()
				: HttpClientStreamableHttpTransport.builder(server).httpRequestCustomizer(customizer).build();
	}

	private static Object inContextOf(String tenant, Callable<?> operation) throws Exception {
		return new Context().<Object, Exception>call(() -> {
			if (!tenant.equals("-")) {
				MixedWork.TENANT.set(tenant);
			}
			return operation.call();
		});
	}

	private interface Call {

		Object call(String tenant) throws Exception;

	}

	/**
	 * What a piece of code has seen, beside what it had to see.
	 */
	private record Observed(String code, String expected, String seen) {

		static final Queue<Observed> SEEN = new ConcurrentLinkedQueue<>();

		/**
		 * Record what the calling code sees.
		 * @param name the name of the code
		 * @param call the kind of call and the tenant that has made it
		 */
		static void see(String name, String call) {
			String[] parts = call.split(" ");
			SEEN.add(new Observed(parts[0] + " " + name, parts[1], MixedWork.TENANT.get()));
		}

		// A notification may come after the result.
		static void await(String code, int number) {
			Awaitility.await().untilAsserted(() -> assertThat(of(code)).as(code).hasSize(number));
		}

		static List<String> wrong(String code) {
			return of(code).filter((observed) -> !observed.seen.equals(observed.expected))
				.map((observed) -> code + " of " + observed.expected + " saw " + observed.seen)
				.toList();
		}

		private static Stream<Observed> of(String code) {
			return SEEN.stream().filter((observed) -> observed.code.equals(code));
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ Pages.class, Server.class })
	static class Application {

		private static final ContextVar<String> TENANT = MixedWork.TENANT;

		@Bean
		@ContextVariable
		static ContextVar<String> tenant() {
			return TENANT;
		}

		@Bean
		static Filter tenantFilter() {
			return (request, response, chain) -> {
				String tenant = ((HttpServletRequest) request).getHeader("X-Tenant");
				if (tenant != null) {
					TENANT.set(tenant);
				}
				chain.doFilter(request, response);
			};
		}

		@Bean
		static ChatClient chat() {
			return ChatClient.builder(new Model()).defaultTools(new Tools()).defaultAdvisors(new Advisor()).build();
		}

		// tag::spring-ai-client[]
		@Bean
		McpSyncHttpClientRequestCustomizer tenantHeader() {
			return (request, method, endpoint, body, context) -> {
				String tenant = TENANT.get("-");
				if (!tenant.equals("-")) {
					request.setHeader("X-Tenant", tenant);
				}
			};
		}
		// end::spring-ai-client[]

	}

	static class Tools {

		@Tool
		String tool(String expected) {
			Observed.see("tool", expected);
			return "answer";
		}

	}

	static class Advisor implements BaseAdvisor {

		@Override
		public ChatClientRequest before(ChatClientRequest request, AdvisorChain chain) {
			Observed.see("advisor", request.prompt().getUserMessage().getText());
			return request;
		}

		@Override
		public ChatClientResponse after(ChatClientResponse response, AdvisorChain chain) {
			return response;
		}

		@Override
		public int getOrder() {
			return 0;
		}

	}

	/**
	 * Asks for the tool first, and answers with what that returns.
	 */
	static class Model implements ChatModel {

		@Override
		public ChatOptions getOptions() {
			return ToolCallingChatOptions.builder().build();
		}

		@Override
		public ChatResponse call(Prompt prompt) {
			String expected = prompt.getUserMessage().getText();
			Observed.see("model", expected);
			Message last = prompt.getInstructions().get(prompt.getInstructions().size() - 1);
			AssistantMessage message = (last instanceof ToolResponseMessage result)
					? new AssistantMessage(result.getResponses().get(0).responseData())
					: AssistantMessage.builder()
						.toolCalls(List.of(new AssistantMessage.ToolCall("1", "function", "tool",
								"{\"expected\":\"" + expected + "\"}")))
						.build();
			return new ChatResponse(List.of(new Generation(message)));
		}

		// On another thread, as a client of HTTP would.
		@Override
		public Flux<ChatResponse> stream(Prompt prompt) {
			return Mono.delay(Duration.ofMillis(1)).map((ignored) -> call(prompt)).flux();
		}

	}

	static class Server {

		@McpTool
		String tool(String expected) {
			Observed.see("tool", expected);
			return "answer";
		}

		@McpTool
		String conversation(String expected, McpSyncRequestContext context) {
			Observed.see("tool", expected);
			context.info(expected);
			context.sample(expected);
			Observed.see("resumed tool", expected);
			return "answer";
		}

	}

	@RestController
	static class Pages {

		private final ChatClient chat;

		Pages(ChatClient chat) {
			this.chat = chat;
		}

		@GetMapping("/call/{expected}")
		String call(@PathVariable String expected) {
			return this.chat.prompt("call " + expected).call().content();
		}

		@GetMapping("/stream/{expected}")
		Flux<String> stream(@PathVariable String expected) {
			return this.chat.prompt("stream " + expected).stream().content();
		}

		@GetMapping("/blocked/{expected}")
		String blocked(@PathVariable String expected) {
			return String.join("", this.chat.prompt("blocked " + expected).stream().content().toIterable());
		}

	}

}
