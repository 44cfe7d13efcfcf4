package io.github.contextvars.spring.integration;

import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.integration.endpoint.AbstractPollingEndpoint;
import org.springframework.integration.endpoint.PollingConsumer;

/**
 * {@link MethodInterceptor} around each message that an endpoint polls, before the
 * application's own advice: so several messages of one poll are separate, too.
 */
final class PollContextAdvice implements MethodInterceptor {

	private final AbstractPollingEndpoint endpoint;

	private final MessageContexts contexts;

	/**
	 * Create advice.
	 * @param endpoint the endpoint that polls
	 * @param contexts the contexts of messages
	 */
	PollContextAdvice(AbstractPollingEndpoint endpoint, MessageContexts contexts) {
		this.endpoint = endpoint;
		this.contexts = contexts;
	}

	@Override
	public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
		boolean awaitsMessage = this.endpoint instanceof PollingConsumer consumer
				&& ReceivingContextInterceptor.isIn(consumer.getInputChannel());
		return this.contexts.poll(invocation, () -> "poller " + this.endpoint.getComponentName(), awaitsMessage);
	}

}
