package io.github.contextvars.spring.messaging;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

import io.github.contextvars.Context;
import io.github.contextvars.spring.fill.FilledValues;
import io.github.contextvars.spring.remote.RemoteReceiver;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * The contexts of Kafka consumers' threads: an empty one around each poll and what is
 * done with its records, and inside it one for each record or batch. A container tells an
 * interceptor when they begin and end, in several calls on one thread.
 */
final class KafkaContexts {

	private final Supplier<WorkRegistry> workRegistry;

	private final Supplier<@Nullable RemoteReceiver> receiver;

	@SuppressWarnings("ThreadLocalUsage") // one for each application
	private final ThreadLocal<@Nullable Poll> polls = new ThreadLocal<>();

	/**
	 * Create the contexts of an application's consumers.
	 * @param workRegistry enters the contexts; asked for at the first message
	 * @param receiver sets variables that another process has sent, if any
	 */
	KafkaContexts(Supplier<WorkRegistry> workRegistry, Supplier<@Nullable RemoteReceiver> receiver) {
		this.workRegistry = workRegistry;
		this.receiver = receiver;
	}

	/**
	 * Set variables that another process has sent with a record. Called inside the
	 * context of the record.
	 * @param record the record
	 */
	void receiveVariables(ConsumerRecord<?, ?> record) {
		RemoteReceiver present = this.receiver.get();
		if (present != null) {
			present.receive("kafka", null, record, (header) -> valuesOf(record, header), new FilledValues());
		}
	}

	private static List<String> valuesOf(ConsumerRecord<?, ?> record, String name) {
		List<String> values = new ArrayList<>();
		for (Header header : record.headers().headers(name)) {
			values.add((header.value() != null) ? new String(header.value(), StandardCharsets.UTF_8) : "");
		}
		return values;
	}

	/**
	 * Begin a turn of the consumer's loop with an empty context, so that the loop sees
	 * nothing of the work that has started it.
	 * @param interceptor the caller
	 */
	void beginPoll(Object interceptor) {
		endPoll(interceptor);
		currentPoll(interceptor);
	}

	/**
	 * End a turn of the consumer's loop, and the context of its last record or batch.
	 * @param interceptor the caller
	 */
	void endPoll(Object interceptor) {
		Poll poll = this.polls.get();
		if (poll != null && poll.interceptor == interceptor) {
			this.polls.remove();
			poll.leaveMessage();
			poll.scope.close();
		}
	}

	/**
	 * Begin a record's or a batch's context. That of the one before is left, should it
	 * still be entered. An interceptor inside another one begins nothing.
	 * @param interceptor the caller
	 * @param origin what the message was received from
	 */
	void begin(Object interceptor, Supplier<String> origin) {
		Poll poll = currentPoll(interceptor);
		if (poll.interceptor == interceptor) {
			poll.leaveMessage();
			WorkRegistry registry = this.workRegistry.get();
			poll.message = registry.enter(registry.create(UnitOfWork.Kind.MESSAGE, origin));
		}
	}

	/**
	 * Begin a record's or a batch's context unless it has begun: a record that cannot be
	 * deserialized fails before it is intercepted.
	 * @param interceptor the caller
	 * @param origin what the message was received from
	 */
	void beginIfNecessary(Object interceptor, Supplier<String> origin) {
		if (currentPoll(interceptor).message == null) {
			begin(interceptor, origin);
		}
	}

	/**
	 * Leave a record's context.
	 * @param interceptor the caller
	 */
	void end(Object interceptor) {
		Poll poll = this.polls.get();
		if (poll != null && poll.interceptor == interceptor) {
			poll.leaveMessage();
		}
	}

	// Where batches are split by partition, several turns of the loop follow one poll.
	private Poll currentPoll(Object interceptor) {
		Poll poll = this.polls.get();
		if (poll == null) {
			poll = new Poll(interceptor, this.workRegistry.get().enter(new Context()));
			this.polls.set(poll);
		}
		return poll;
	}

	private static final class Poll {

		// The outermost, should there be several.
		private final Object interceptor;

		private final Context.Scope scope;

		private Context.@Nullable Scope message;

		private Poll(Object interceptor, Context.Scope scope) {
			this.interceptor = interceptor;
			this.scope = scope;
		}

		private void leaveMessage() {
			Context.Scope present = this.message;
			if (present != null) {
				this.message = null;
				present.close();
			}
		}

	}

}
