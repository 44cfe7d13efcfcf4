package io.github.contextvars.spring.testing;

import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;

import org.apache.pulsar.client.api.Consumer;
import org.apache.pulsar.client.api.Message;
import org.apache.pulsar.client.api.MessageId;
import org.apache.pulsar.client.api.Messages;
import org.apache.pulsar.client.api.PulsarClientException;
import org.apache.pulsar.client.api.Reader;
import org.apache.pulsar.client.api.Schema;
import org.apache.pulsar.client.impl.MessageIdImpl;
import org.apache.pulsar.client.impl.MessageImpl;
import org.apache.pulsar.common.api.proto.MessageMetadata;
import org.springframework.pulsar.core.ConsumerBuilderCustomizer;
import org.springframework.pulsar.core.PulsarConsumerFactory;
import org.springframework.pulsar.core.PulsarReaderFactory;
import org.springframework.pulsar.core.ReaderBuilderCustomizer;

/**
 * Consumers and readers of the messages that a test sends: a broker of Pulsar cannot be
 * embedded.
 */
public final class PulsarTopics implements PulsarConsumerFactory<String>, PulsarReaderFactory<String> {

	private static final int BATCH = 7;

	private final Map<String, BlockingQueue<Message<String>>> messages = new ConcurrentHashMap<>();

	private final AtomicLong sent = new AtomicLong();

	private volatile String polledIn;

	/**
	 * Send a message.
	 * @param topic the topic
	 * @param text the payload
	 * @param tenant the tenant, or {@code null}
	 */
	public void send(String topic, String text, String tenant) {
		MessageMetadata metadata = new MessageMetadata();
		if (tenant != null) {
			metadata.addProperty().setKey("tenant").setValue(tenant);
		}
		MessageImpl<String> message = MessageImpl.create(metadata,
				ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), Schema.STRING, topic);
		message.setMessageId(new MessageIdImpl(1, this.sent.getAndIncrement(), 0));
		queue(topic).add(message);
	}

	/**
	 * Return the tenant that the last poll of a consumer has seen.
	 * @return the tenant, or the variable's default
	 */
	public String polledIn() {
		return this.polledIn;
	}

	private BlockingQueue<Message<String>> queue(String topic) {
		return this.messages.computeIfAbsent(topic, (key) -> new LinkedBlockingQueue<>());
	}

	@Override
	public Consumer<String> createConsumer(Schema<String> schema, Collection<String> topics, String subscription,
			ConsumerBuilderCustomizer<String> customizer) {
		return createConsumer(schema, topics, subscription, Map.of(), List.of(customizer));
	}

	@Override
	@SuppressWarnings("unchecked")
	public Consumer<String> createConsumer(Schema<String> schema, Collection<String> topics, String subscription,
			Map<String, String> properties, List<ConsumerBuilderCustomizer<String>> customizers) {
		BlockingQueue<Message<String>> queue = queue(topics.iterator().next());
		return (Consumer<String>) fake(Consumer.class, "batchReceive", () -> {
			this.polledIn = MixedWork.TENANT.get();
			List<Message<String>> batch = new ArrayList<>(List.of(queue.take()));
			queue.drainTo(batch, BATCH - 1);
			return new Batch(batch);
		});
	}

	@Override
	@SuppressWarnings("unchecked")
	public Reader<String> createReader(List<String> topics, MessageId start, Schema<String> schema,
			List<ReaderBuilderCustomizer<String>> customizers) {
		BlockingQueue<Message<String>> queue = queue(topics.get(0));
		return (Reader<String>) fake(Reader.class, "readNext", queue::take);
	}

	private static Object fake(Class<?> type, String receive, Callable<?> poll) {
		return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] { type }, (proxy, method, arguments) -> {
			if (!method.getName().equals(receive)) {
				return null;
			}
			try {
				return poll.call();
			}
			catch (InterruptedException ex) {
				throw new PulsarClientException(ex);
			}
		});
	}

	private record Batch(List<Message<String>> messages) implements Messages<String> {

		@Override
		public Iterator<Message<String>> iterator() {
			return this.messages.iterator();
		}

		@Override
		public int size() {
			return this.messages.size();
		}

	}

}
