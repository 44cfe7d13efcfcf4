package io.github.contextvars.spring.web.socket;

import java.lang.reflect.Proxy;
import java.security.Principal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.MessageDeliveryException;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.messaging.simp.SimpMessageType;
import org.springframework.messaging.support.ChannelInterceptor;
import org.springframework.messaging.support.ExecutorSubscribableChannel;
import org.springframework.messaging.support.MessageBuilder;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.web.socket.WebSocketSession;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.fill.AuthenticationFiller;
import io.github.contextvars.spring.fill.ContextFillConfiguration;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class StompContextBeanPostProcessorTests {

	private final WorkRegistry registry = WorkRegistry.tracking();

	private final Map<String, Object> attributes = new HashMap<>();

	private final List<String> seen = new ArrayList<>();

	private final ExecutorSubscribableChannel channel = new ExecutorSubscribableChannel();

	private final ChannelInterceptor authentication = new ChannelInterceptor() {

		@Override
		public Message<?> preSend(Message<?> message, MessageChannel channel) {
			see("interceptor");
			return message;
		}

	};

	@Test
	void framesPassTheChannelInContextsOfTheSession() throws Exception {
		try (AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext(Users.class,
				ContextFillConfiguration.class)) {
			begin(beans.getBean(AuthenticationFiller.class));

			send(SimpMessageType.CONNECT, user("ada"));
			send(SimpMessageType.MESSAGE, user("ada"));
		}

		assertThat(this.seen).containsExactly("interceptor session -", "handler session ada", "interceptor message ada",
				"handler message ada");
		assertThat(Context.depth()).isZero();
	}

	@Test
	void frameThatIsNotTheFirstFillsNothing() throws Exception {
		try (AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext(Users.class,
				ContextFillConfiguration.class)) {
			begin(beans.getBean(AuthenticationFiller.class));

			send(SimpMessageType.MESSAGE, user("ada"));
			send(SimpMessageType.CONNECT, null);
		}

		assertThat(this.seen).containsExactly("interceptor message -", "handler message -", "interceptor session -",
				"handler session -");
	}

	@Test
	void sessionIsNotFilledWhereSecurityIsAbsentOrNothingIsToBeFilled() throws Exception {
		begin(null);
		send(SimpMessageType.CONNECT, user("ada"));
		assertThat(this.seen).containsExactly("interceptor session -", "handler session -");
	}

	@Test
	void sessionInUseByAnotherThreadIsNotFilled() throws Exception {
		try (AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext(Users.class,
				ContextFillConfiguration.class)) {
			WebSocketSessionContexts contexts = contexts(beans.getBean(AuthenticationFiller.class));
			contexts.begin(session(), () -> {
				contexts.beforeFrame(this.attributes, true);
				assertThatExceptionOfType(IllegalStateException.class)
					.isThrownBy(() -> contexts.fill(this.attributes, user("ada")))
					.withMessageContaining("cannot be filled while another thread is in its context");
				contexts.afterFrame(this.attributes, true);
			});
		}
		assertThat(Context.depth()).isZero();
	}

	@Test
	void frameThatIsRejectedLeavesItsContext() throws Exception {
		begin(null);
		this.channel.addInterceptor(new ChannelInterceptor() {

			@Override
			public Message<?> preSend(Message<?> message, MessageChannel channel) {
				throw new IllegalStateException("planned");
			}

		});

		assertThatExceptionOfType(MessageDeliveryException.class).isThrownBy(() -> send(SimpMessageType.MESSAGE, null));
		assertThat(Context.depth()).isZero();
	}

	@Test
	void otherChannelsAndMessagesOfNoSessionAreLeftAlone() {
		StompContextBeanPostProcessor processor = new StompContextBeanPostProcessor(contexts(null));
		assertThat(processor.postProcessAfterInitialization(this.channel, "clientOutboundChannel"))
			.isSameAs(this.channel);
		assertThat(this.channel.getInterceptors()).isEmpty();

		assertThat(processor.postProcessAfterInitialization(this.channel, "clientInboundChannel"))
			.isSameAs(this.channel);
		assertThat(this.channel.getInterceptors()).hasSize(2);
		assertThat(this.channel.send(MessageBuilder.withPayload("message").build())).isTrue();
		assertThat(Context.depth()).isZero();
	}

	private void begin(AuthenticationFiller filler) throws Exception {
		WebSocketSessionContexts contexts = contexts(filler);
		this.channel.addInterceptor(this.authentication);
		new StompContextBeanPostProcessor(contexts).postProcessAfterInitialization(this.channel,
				"clientInboundChannel");
		this.channel.subscribe((message) -> see("handler"));
		contexts.begin(session(), () -> {
		});
	}

	private WebSocketSessionContexts contexts(AuthenticationFiller filler) {
		return new WebSocketSessionContexts(() -> this.registry, () -> filler);
	}

	private WebSocketSession session() {
		return (WebSocketSession) Proxy.newProxyInstance(getClass().getClassLoader(),
				new Class<?>[] { WebSocketSession.class }, (proxy, method, arguments) -> switch (method.getName()) {
					case "getAttributes" -> this.attributes;
					case "hashCode" -> 1;
					case "isOpen" -> true;
					default -> null;
				});
	}

	private void send(SimpMessageType type, Principal user) {
		SimpMessageHeaderAccessor headers = SimpMessageHeaderAccessor.create(type);
		headers.setSessionAttributes(this.attributes);
		headers.setUser(user);
		this.channel.send(MessageBuilder.createMessage("frame", headers.getMessageHeaders()));
	}

	private static TestingAuthenticationToken user(String name) {
		TestingAuthenticationToken user = new TestingAuthenticationToken(name, "password");
		user.setAuthenticated(true);
		return user;
	}

	private void see(String where) {
		UnitOfWork unit = this.registry.current();
		this.seen.add(where + " " + ((unit != null) ? unit.kind() : "no unit") + " " + Users.USER.get());
	}

	@Configuration(proxyBeanMethods = false)
	static class Users {

		@ContextVariable
		static final ContextVar<String> USER = ContextVar.of("user", "-");

		@Bean
		ContextFillConfiguration.Settings rules() {
			return new ContextFillConfiguration.Settings(
					Map.of("user", new ContextFillConfiguration.Variable(null, true, null, ".*", false)));
		}

	}

}
