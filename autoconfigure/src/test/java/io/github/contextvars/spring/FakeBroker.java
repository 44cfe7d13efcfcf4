package io.github.contextvars.spring;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;

/**
 * A JMS provider with one queue and no more than a listener container asks of it.
 */
final class FakeBroker {

	private final BlockingQueue<TextMessage> messages = new LinkedBlockingQueue<>();

	ConnectionFactory connectionFactory() {
		return fake(ConnectionFactory.class, Map.of("createConnection", (arguments) -> connection()));
	}

	void send(String text) {
		this.messages.add(fake(TextMessage.class, Map.of("getText", (arguments) -> text)));
	}

	private Connection connection() {
		return fake(Connection.class, Map.of("createSession", (arguments) -> session()));
	}

	private Session session() {
		return fake(Session.class,
				Map.of("createQueue", (arguments) -> fake(Queue.class, Map.of()), "createConsumer",
						(arguments) -> fake(MessageConsumer.class,
								Map.of("receive", this::receive, "receiveNoWait", (none) -> this.messages.poll()))));
	}

	private TextMessage receive(Object[] arguments) {
		try {
			return this.messages.poll((Long) arguments[0], TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return null;
		}
	}

	// What is not asked for is answered as a provider with nothing to say would.
	private static <T> T fake(Class<T> type, Map<String, Function<Object[], Object>> answers) {
		InvocationHandler handler = (proxy, method, arguments) -> {
			Function<Object[], Object> answer = answers.get(method.getName());
			if (answer != null) {
				return answer.apply(arguments);
			}
			return switch (method.getName()) {
				case "hashCode" -> System.identityHashCode(proxy);
				case "equals" -> proxy == arguments[0];
				case "toString" -> "Fake" + type.getSimpleName();
				default -> nothing(method.getReturnType());
			};
		};
		return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] { type }, handler));
	}

	private static Object nothing(Class<?> type) {
		if (type == boolean.class) {
			return false;
		}
		if (type == int.class) {
			return 0;
		}
		return (type == long.class) ? 0L : null;
	}

}
