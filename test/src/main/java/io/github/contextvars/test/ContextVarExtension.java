package io.github.contextvars.test;

import java.lang.reflect.Method;
import java.util.LinkedHashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;

/**
 * JUnit extension behind {@link WithContext} and {@link WithContextVar}. Register it as a
 * field to set variables of any type:
 *
 * <pre class="code">
 * &#64;RegisterExtension
 * static final ContextVarExtension contexts = ContextVarExtension.with(TenantInterceptor.TENANT, "acme");
 * </pre>
 *
 * A test that JUnit runs on a thread of its own, for a {@code @Timeout}, runs in a copy
 * of the context. Tests may run in parallel.
 *
 * @since 0.1.0
 */
public final class ContextVarExtension implements BeforeEachCallback, AfterEachCallback, InvocationInterceptor {

	private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace
		.create(ContextVarExtension.class);

	private final Map<ContextVar<?>, @Nullable Object> values;

	/**
	 * Create an extension that sets what annotations say.
	 */
	public ContextVarExtension() {
		this(Map.of());
	}

	private ContextVarExtension(Map<ContextVar<?>, @Nullable Object> values) {
		this.values = values;
	}

	/**
	 * Create an extension that sets a variable, unless an annotation does.
	 * @param <T> the type of the value
	 * @param variable the variable
	 * @param value the value
	 * @return a new extension
	 */
	public static <T extends @Nullable Object> ContextVarExtension with(ContextVar<T> variable, T value) {
		return new ContextVarExtension().and(variable, value);
	}

	/**
	 * Create an extension that sets one more variable.
	 * @param <T> the type of the value
	 * @param variable the variable
	 * @param value the value
	 * @return a new extension
	 */
	public <T extends @Nullable Object> ContextVarExtension and(ContextVar<T> variable, T value) {
		Map<ContextVar<?>, @Nullable Object> more = new LinkedHashMap<>(this.values);
		more.put(variable, value);
		return new ContextVarExtension(more);
	}

	@Override
	public void beforeEach(ExtensionContext context) {
		TestScope scope = TestScope.begin(context.getUniqueId() + System.identityHashCode(this));
		context.getStore(NAMESPACE).put(TestScope.class, scope);
		TestScope.setIfAbsent(this.values);
		// In a Spring test, its listener knows the application's variables.
		if (!AnnotatedValues.isSpringTest(context.getRequiredTestClass())) {
			resolve(scope, context);
		}
	}

	@Override
	public void afterEach(ExtensionContext context) {
		TestScope.end(context.getUniqueId() + System.identityHashCode(this));
	}

	@Override
	public void interceptTestMethod(Invocation<@Nullable Void> invocation,
			ReflectiveInvocationContext<Method> invocationContext, ExtensionContext context) throws Throwable {
		proceed(invocation, context);
	}

	@Override
	public void interceptTestTemplateMethod(Invocation<@Nullable Void> invocation,
			ReflectiveInvocationContext<Method> invocationContext, ExtensionContext context) throws Throwable {
		proceed(invocation, context);
	}

	@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
	private static void proceed(Invocation<@Nullable Void> invocation, ExtensionContext context) throws Throwable {
		TestScope scope = context.getStore(NAMESPACE).get(TestScope.class, TestScope.class);
		if (scope == null || Context.depth() > 0) {
			proceed(invocation, scope, context);
		}
		else {
			scope.copy().<@Nullable Void, Throwable>call(() -> proceed(invocation, scope, context));
		}
	}

	// A Spring test may have replaced its listeners.
	private static @Nullable Void proceed(Invocation<@Nullable Void> invocation, @Nullable TestScope scope,
			ExtensionContext context) throws Throwable {
		if (scope != null && !scope.isResolved()) {
			resolve(scope, context);
		}
		return invocation.proceed();
	}

	private static void resolve(TestScope scope, ExtensionContext context) {
		scope.resolve(AnnotatedValues.of(context.getRequiredTestClass(), context.getRequiredTestMethod(), null));
	}

}
