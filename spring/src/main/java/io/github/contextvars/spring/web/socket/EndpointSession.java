package io.github.contextvars.spring.web.socket;

import java.lang.reflect.Method;

import jakarta.websocket.Session;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;

import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Session of an annotated endpoint: calls the endpoint's methods in the contexts of the
 * session.
 */
final class EndpointSession {

	private final WorkRegistry registry;

	private final UnitOfWork unit;

	private final Object endpoint;

	private volatile @Nullable Session session;

	/**
	 * Create a session that is not open yet.
	 * @param registry enters the contexts
	 * @param unit the unit of work that is the session's
	 * @param endpoint the endpoint, which other sessions may share
	 */
	EndpointSession(WorkRegistry registry, UnitOfWork unit, Object endpoint) {
		this.registry = registry;
		this.unit = unit;
		this.endpoint = endpoint;
		registry.awaitCompletion(unit, this, (session) -> ((EndpointSession) session).isClosed());
	}

	private boolean isClosed() {
		Session known = this.session;
		return known != null && !known.isOpen();
	}

	/**
	 * Call the method that begins the session in the session's context.
	 * @param method the method
	 * @param arguments its arguments
	 * @return its result
	 * @throws Throwable what it throws
	 */
	@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
	@Nullable Object begin(Method method, @Nullable Object[] arguments) throws Throwable {
		remember(arguments);
		return this.registry.<@Nullable Object, Throwable>call(this.unit, () -> {
			try {
				return call(method, arguments);
			}
			finally {
				this.registry.saveThreadLocals(this.unit);
			}
		});
	}

	/**
	 * Call a method in a copy of the session's context.
	 * @param method the method
	 * @param arguments its arguments
	 * @return its result
	 * @throws Throwable what it throws
	 */
	@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
	@Nullable Object handle(Method method, @Nullable Object[] arguments) throws Throwable {
		remember(arguments);
		return this.registry.capture(this.unit, UnitOfWork.Kind.MESSAGE, this.unit::origin)
			.<@Nullable Object, Throwable>call(() -> call(method, arguments));
	}

	/**
	 * Call the method that ends the session in a copy of the session's context.
	 * @param method the method
	 * @param arguments its arguments
	 * @return its result
	 * @throws Throwable what it throws
	 */
	@Nullable Object end(Method method, @Nullable Object[] arguments) throws Throwable {
		try {
			return handle(method, arguments);
		}
		finally {
			this.registry.complete(this.unit);
		}
	}

	/**
	 * Call a method that does not belong to the session.
	 * @param method the method
	 * @param arguments its arguments
	 * @return its result
	 * @throws Throwable what it throws
	 */
	@Nullable Object call(Method method, @Nullable Object[] arguments) throws Throwable {
		return AopUtils.invokeJoinpointUsingReflection(this.endpoint, method, arguments);
	}

	// Where no method is called at the end, the session is asked whether it is open. If
	// no method has it as an argument either, it is listed until it is collected.
	private void remember(@Nullable Object[] arguments) {
		if (this.session == null) {
			for (Object argument : arguments) {
				if (argument instanceof Session present) {
					this.session = present;
				}
			}
		}
	}

}
