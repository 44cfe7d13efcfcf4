package com.acme.checkout;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.web.client.RestClient;
import org.springframework.web.reactive.function.client.WebClient;

import io.github.contextvars.Context;
import io.github.contextvars.spring.testing.TextMarshaller;
import io.github.contextvars.spring.testing.TwoTenants;
import io.github.contextvars.testsupport.DocumentationPage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The application of docs/how-to/outgoing-calls.md, with servers that answer with the
 * tenant which they were told.
 */
class CheckoutTests {

	private static HttpServer server;

	private static ExecutorService serverThreads;

	private static Server inventory;

	private static ConfigurableApplicationContext app;

	@BeforeAll
	static void start() throws IOException {
		serverThreads = Executors.newFixedThreadPool(4);
		server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
		server.createContext("/", CheckoutTests::answer);
		server.setExecutor(serverThreads);
		server.start();
		inventory = NettyServerBuilder.forPort(0).addService(Client.service()).build().start();
		String known = url("127.0.0.1");
		app = new SpringApplicationBuilder(CheckoutApplication.class).web(WebApplicationType.NONE)
			.properties(DocumentationPage.read("docs/how-to/outgoing-calls.md")
				.properties("tests.frameworks=cloud,resilience4j,grpc", "spring.main.banner-mode=off",
						"spring.grpc.server.enabled=false", "contextvars.remote.send-to=127.0.0.1,grpc",
						"orders.url=" + known, "stock.url=" + known, "shipping.url=" + known,
						"spring.http.serviceclient.prices.base-url=" + known,
						"spring.grpc.client.channel.inventory.target=static://127.0.0.1:" + inventory.getPort()))
			.run();
	}

	@AfterAll
	static void close() {
		app.close();
		inventory.shutdownNow();
		server.stop(0);
		serverThreads.shutdownNow();
	}

	@ParameterizedTest
	@EnumSource
	void callHasTheCallersTenant(Client client) throws Exception {
		TwoTenants.atOnce((tenant, number) -> assertThat(callFor(tenant, client)).isEqualTo(tenant));
	}

	@Test
	void hostThatIsNotNamedIsToldNothing() {
		RestClient stranger = app.getBean(RestClient.Builder.class).baseUrl(url("localhost")).build();

		assertThat(inContext("acme", () -> stranger.get().uri("/orders").retrieve().body(String.class)))
			.isEqualTo("nothing");
	}

	@Test
	void clientWithoutBootsBuilderTellsNothing() {
		RestClient client = RestClient.create(url("127.0.0.1"));

		assertThat(inContext("acme", () -> client.get().uri("/orders").retrieve().body(String.class)))
			.isEqualTo("nothing");
	}

	private static String callFor(String tenant, Client client) {
		return inContext(tenant, () -> client.call(app));
	}

	private static String inContext(String tenant, Context.CallableOp<String, RuntimeException> call) {
		return new Context().call(() -> {
			CheckoutApplication.TENANT.set(tenant);
			return call.call();
		});
	}

	private static String url(String host) {
		return "http://" + host + ":" + server.getAddress().getPort();
	}

	private static void answer(HttpExchange exchange) throws IOException {
		String tenant = exchange.getRequestHeaders().getFirst("X-Tenant");
		byte[] body = ((tenant != null) ? tenant : "nothing").getBytes();
		exchange.sendResponseHeaders(200, body.length);
		exchange.getResponseBody().write(body);
		exchange.close();
	}

	enum Client {

		REST_CLIENT {

			@Override
			String call(ConfigurableApplicationContext app) {
				return app.getBean("orders", RestClient.class).get().uri("/orders").retrieve().body(String.class);
			}

		},

		WEB_CLIENT {

			@Override
			String call(ConfigurableApplicationContext app) {
				return app.getBean("stock", WebClient.class)
					.get()
					.uri("/stock")
					.retrieve()
					.bodyToMono(String.class)
					.block(Duration.ofSeconds(20));
			}

		},

		HTTP_EXCHANGE {

			@Override
			String call(ConfigurableApplicationContext app) {
				return app.getBean(CheckoutApplication.Prices.class).all();
			}

		},

		FEIGN {

			@Override
			String call(ConfigurableApplicationContext app) {
				return app.getBean(CheckoutApplication.Shipping.class).parcels();
			}

		},

		GRPC {

			@Override
			String call(ConfigurableApplicationContext app) {
				return ClientCalls.blockingUnaryCall(app.getBean("inventory", ManagedChannel.class), COUNT,
						CallOptions.DEFAULT, "");
			}

		};

		private static final MethodDescriptor<String, String> COUNT = MethodDescriptor.<String, String>newBuilder()
			.setType(MethodDescriptor.MethodType.UNARY)
			.setFullMethodName("acme.Inventory/COUNT")
			.setRequestMarshaller(new TextMarshaller())
			.setResponseMarshaller(new TextMarshaller())
			.build();

		abstract String call(ConfigurableApplicationContext app);

		static ServerServiceDefinition service() {
			return ServerServiceDefinition.builder("acme.Inventory").addMethod(COUNT, (call, headers) -> {
				call.request(1);
				return new ServerCall.Listener<String>() {

					@Override
					public void onHalfClose() {
						String tenant = headers.get(Metadata.Key.of("X-Tenant", Metadata.ASCII_STRING_MARSHALLER));
						call.sendHeaders(new Metadata());
						call.sendMessage((tenant != null) ? tenant : "nothing");
						call.close(Status.OK, new Metadata());
					}

				};
			}).build();
		}

	}

}
