package io.github.contextvars.spring.remote;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.grpc.server.ServerBuilderCustomizer;

import io.github.contextvars.spring.testing.servlet.ServletServerBuilder;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Values that calls bring to a gRPC server over a connection, by the address of the peer.
 * The one that a servlet tells may be any that a header has forwarded.
 */
class RemoteGrpcTests {

	@ParameterizedTest
	@CsvSource({ "false, 127.0.0.0/8, acme", "false, 10.0.0.0/8, -", "true, 127.0.0.0/8, -", "true, grpc, acme" })
	void addressIsTrustedUnlessAServletTellsIt(boolean servlet, String source, String seen) throws Exception {
		try (ConfigurableApplicationContext app = new SpringApplicationBuilder(RemoteMessagesTests.Application.class)
			.web(WebApplicationType.NONE)
			.properties("tests.transport=grpc", "tests.frameworks=grpc", "spring.main.banner-mode=off",
					"spring.grpc.server.port=0", "contextvars.remote.receive=tenant",
					"contextvars.remote.receive-from=" + source)
			.run()) {
			ServerBuilder<?> builder = NettyServerBuilder.forPort(0)
				.addService(app.getBean(RemoteMessagesTests.Application.Grpc.class));
			Server server = customize(app, servlet ? new ServletServerBuilder(builder) : builder).build().start();
			try {
				call(server.getPort());
			}
			finally {
				server.shutdownNow();
			}
			BlockingQueue<String> values = app.getBean(RemoteMessagesTests.Seen.class).values();
			assertThat(values.poll(20, TimeUnit.SECONDS)).isEqualTo(seen);
		}
	}

	@SuppressWarnings("unchecked")
	private static <T extends ServerBuilder<T>> ServerBuilder<?> customize(ConfigurableApplicationContext app,
			ServerBuilder<?> builder) {
		((ServerBuilderCustomizer<T>) app.getBean("contextVarsServerBuilderCustomizer")).customize((T) builder);
		return builder;
	}

	private static void call(int port) {
		ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
		try {
			Metadata headers = new Metadata();
			headers.put(Metadata.Key.of("X-Tenant", Metadata.ASCII_STRING_MARSHALLER), "acme");
			ClientCalls.blockingUnaryCall(
					ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers)),
					RemoteMessagesTests.Application.CALL, CallOptions.DEFAULT, "");
		}
		finally {
			channel.shutdownNow();
		}
	}

}
