package io.github.contextvars.spring.rpc;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import org.springframework.security.core.context.SecurityContextHolder;

import io.github.contextvars.spring.fill.AuthenticationFiller;
import io.github.contextvars.spring.fill.FillRules;
import io.github.contextvars.spring.fill.FilledValues;
import io.github.contextvars.spring.fill.RejectedValueException;

/**
 * {@link ServerInterceptor} that fills variables of a call's context from the
 * authenticated user, behind the interceptors of Spring Security. A call whose values are
 * rejected is closed with {@link Status#INVALID_ARGUMENT}.
 */
final class AuthenticationServerInterceptor implements ServerInterceptor {

	private final AuthenticationFiller filler;

	private final FillRules rules;

	AuthenticationServerInterceptor(AuthenticationFiller filler, FillRules rules) {
		this.filler = filler;
		this.rules = rules;
	}

	@Override
	public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
			ServerCallHandler<Q, R> next) {
		FilledValues filled = call.getAttributes().get(ContextServerInterceptor.FILLED);
		try {
			this.filler.fill(SecurityContextHolder.getContext().getAuthentication(),
					(filled != null) ? filled : new FilledValues());
			this.rules.checkAuthenticated();
		}
		catch (RejectedValueException ex) {
			call.close(Status.INVALID_ARGUMENT.withDescription(ex.getMessage()), new Metadata());
			return new ServerCall.Listener<>() {
			};
		}
		return next.startCall(call, headers);
	}

}
