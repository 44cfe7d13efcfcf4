package io.github.contextvars.spring.rpc;

import java.util.List;

import io.rsocket.core.RSocketConnector;
import io.rsocket.plugins.InterceptorRegistry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.grpc.server.GlobalServerInterceptor;
import org.springframework.messaging.rsocket.RSocketConnectorConfigurer;
import org.springframework.messaging.rsocket.annotation.support.RSocketMessageHandler;
import reactor.core.publisher.Hooks;

import io.github.contextvars.spring.work.PropagationSource;

import static org.assertj.core.api.Assertions.assertThat;

class RpcConfigurationTests {

	private final AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext();

	RpcConfigurationTests() {
		this.beans.register(ContextGrpcConfiguration.class, ContextRSocketConfiguration.class);
		this.beans.registerBean("handler", RSocketMessageHandler.class);
		this.beans.refresh();
	}

	@AfterEach
	void close() {
		Hooks.disableAutomaticContextPropagation();
		this.beans.close();
	}

	@Test
	void handlerOfRSocketIsReportedAsItPropagates() {
		Hooks.disableAutomaticContextPropagation();
		assertThat(entry().propagates()).isFalse();
		assertThat(entry().remedy()).isEqualTo("Set spring.reactor.context-propagation=auto.");

		Hooks.enableAutomaticContextPropagation();
		assertThat(entry().propagates()).isFalse();
		assertThat(entry().reason()).isEqualTo("no server has been given the bean contextVarsRSocketInterceptors");

		this.beans.getBean(ContextRSocketInterceptors.class).accept(new InterceptorRegistry());
		assertThat(entry().propagates()).isTrue();
		assertThat(entry().name()).isEqualTo("handler");
	}

	@Test
	void clientsOfRSocketGetTheInterceptors() {
		this.beans.getBean(RSocketConnectorConfigurer.class).configure(RSocketConnector.create());

		assertThat(this.beans.getBean(ContextRSocketInterceptors.class).isApplied()).isTrue();
	}

	@Test
	void serversOfGrpcGetTheInterceptors() {
		assertThat(this.beans.getBean(ContextServerBuilderCustomizer.class).entries()).isEmpty();
		assertThat(this.beans.getBeansWithAnnotation(GlobalServerInterceptor.class).values())
			.hasExactlyElementsOfTypes(AuthenticationServerInterceptor.class);
	}

	private PropagationSource.Entry entry() {
		List<PropagationSource.Entry> entries = this.beans
			.getBean("contextVarsRSocketPropagation", PropagationSource.class)
			.entries()
			.toList();
		assertThat(entries).hasSize(1);
		return entries.get(0);
	}

}
