package io.github.contextvars.spring.testing;

import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.StringSerializer;
import org.springframework.kafka.test.EmbeddedKafkaKraftBroker;

/**
 * A Kafka broker for the tests of a class. There is one at a time in a JVM: a test that
 * runs inside another, in a build with a seeded fault, takes the one that is there.
 */
public final class KafkaBroker implements AutoCloseable {

	// A system property, which the classes of all class loaders see.
	private static final String ADDRESS = "tests.kafka.address";

	private final EmbeddedKafkaKraftBroker started;

	private KafkaBroker(EmbeddedKafkaKraftBroker started) {
		this.started = started;
	}

	public static KafkaBroker start() {
		if (System.getProperty(ADDRESS) != null) {
			return new KafkaBroker(null);
		}
		EmbeddedKafkaKraftBroker broker = new EmbeddedKafkaKraftBroker(1, 1);
		// By default 50 logs each, which take longer to create than a test takes to run.
		broker.brokerProperty("offsets.topic.num.partitions", "1");
		broker.brokerProperty("transaction.state.log.num.partitions", "1");
		broker.brokerProperty("transaction.state.log.replication.factor", "1");
		broker.brokerProperty("transaction.state.log.min.isr", "1");
		broker.brokerListProperty(ADDRESS);
		broker.afterPropertiesSet();
		return new KafkaBroker(broker);
	}

	/**
	 * Create a topic, with a name that no other has.
	 * @param partitions the number of partitions
	 * @param suffixes what to append to the name for further topics
	 * @return the name
	 */
	public String createTopic(int partitions, String... suffixes) {
		String name = "topic-" + UUID.randomUUID();
		try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, address()))) {
			admin
				.createTopics(Stream.concat(Stream.of(""), Stream.of(suffixes))
					.map((suffix) -> new NewTopic(name + suffix, partitions, (short) 1))
					.toList())
				.all()
				.get();
		}
		catch (ExecutionException | InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
		return name;
	}

	/**
	 * Create a producer.
	 * @return a producer of strings
	 */
	public KafkaProducer<String, String> producer() {
		return new KafkaProducer<>(Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, address()), new StringSerializer(),
				new StringSerializer());
	}

	/**
	 * Return the properties that applications connect with.
	 * @return properties of Spring Boot, with which nothing waits longer than necessary
	 */
	public String[] properties() {
		return new String[] { "spring.kafka.bootstrap-servers=" + address(),
				"spring.kafka.consumer.auto-offset-reset=earliest", "spring.kafka.consumer.fetch-max-wait=20ms",
				"spring.kafka.consumer.heartbeat-interval=50ms" };
	}

	private static String address() {
		return System.getProperty(ADDRESS);
	}

	@Override
	public void close() {
		if (this.started != null) {
			this.started.destroy();
			System.clearProperty(ADDRESS);
		}
	}

}
