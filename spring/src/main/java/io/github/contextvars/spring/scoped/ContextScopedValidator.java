package io.github.contextvars.spring.scoped;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.scheduling.annotation.Async;
import org.springframework.util.ReflectionUtils;

import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.registry.BeanTypes;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.registry.InvalidDeclarationException;

/**
 * Validator that fails on startup where {@link ContextScoped} would silently do nothing.
 */
final class ContextScopedValidator implements SmartInitializingSingleton {

	private final ConfigurableListableBeanFactory beanFactory;

	private final ContextScopedPointcut pointcut;

	private final ScopeSettings settings;

	/**
	 * Create a validator.
	 * @param beanFactory holds the beans to validate
	 * @param pointcut knows which methods are annotated
	 * @param variables what settings can name
	 */
	ContextScopedValidator(ConfigurableListableBeanFactory beanFactory, ContextScopedPointcut pointcut,
			Supplier<ContextVariableRegistry> variables) {
		this.beanFactory = beanFactory;
		this.pointcut = pointcut;
		this.settings = new ScopeSettings(variables, beanFactory);
	}

	/**
	 * Check the types of all beans; creates none.
	 * @throws InvalidDeclarationException if an annotation would do nothing
	 */
	@Override
	public void afterSingletonsInstantiated() {
		for (String name : this.beanFactory.getBeanDefinitionNames()) {
			Class<?> type = BeanTypes.typeOf(this.beanFactory, name);
			if (type != null && this.pointcut.mayBeIn(type)) {
				Object singleton = this.beanFactory.containsSingleton(name) ? this.beanFactory.getSingleton(name)
						: null;
				// Of a factory bean, what it creates is the bean.
				Object bean = (singleton instanceof FactoryBean<?>) ? null : singleton;
				for (Class<?> declaring : declaring(type)) {
					check(name, bean, declaring);
				}
			}
		}
	}

	// The methods of a JDK proxy are final, and overridden by a proxy of its interfaces.
	private static Class<?>[] declaring(Class<?> type) {
		return Proxy.isProxyClass(type) ? type.getInterfaces() : new Class<?>[] { type };
	}

	private void check(String name, @Nullable Object bean, Class<?> type) {
		// Compilers copy annotations to methods of theirs, such as those that implement
		// suspending functions of Kotlin.
		for (Method method : ReflectionUtils.getUniqueDeclaredMethods(type, (method) -> !method.isSynthetic())) {
			ContextScoped scoped = this.pointcut.find(method, type);
			if (scoped != null) {
				check(type, method);
				this.settings.parse(scoped, method);
				requireProxy(name, bean, type, method);
			}
		}
	}

	private static void check(Class<?> type, Method method) {
		int modifiers = method.getModifiers();
		// What a type's annotation says goes for the methods that callers can reach
		// through a proxy.
		boolean own = AnnotatedElementUtils.hasAnnotation(method, ContextScoped.class);
		String modifier = Modifier.isStatic(modifiers) ? "static"
				: Modifier.isPrivate(modifiers) ? "private" : Modifier.isFinal(modifiers) ? "final" : null;
		boolean finalOfAnnotatedType = "final".equals(modifier)
				&& AnnotatedElementUtils.hasAnnotation(method.getDeclaringClass(), ContextScoped.class);
		if (modifier != null && (own || finalOfAnnotatedType)) {
			throw new InvalidDeclarationException(
					"@ContextScoped does nothing for the " + modifier + " method " + nameOf(method)
							+ ": the bean's proxy cannot override it",
					"Make the method neither static, private nor final, or remove the annotation.");
		}
		boolean async = AnnotatedElementUtils.hasAnnotation(method, Async.class)
				|| AnnotatedElementUtils.hasAnnotation(type, Async.class);
		String reason = AsyncReturnValues.reasonToRefuse(method, async);
		if (reason != null) {
			throw AsyncReturnValues.isSuspending(method) ? new InvalidDeclarationException(
					"@ContextScoped cannot hold for the suspending function " + nameOf(method) + ": " + reason,
					"Change that, or remove the annotation and let the function call a scoped method that does not"
							+ " suspend.")
					: new InvalidDeclarationException(
							"@ContextScoped cannot hold for the " + method.getReturnType().getSimpleName() + " that "
									+ nameOf(method) + " returns: " + reason,
							"Return a CompletionStage, a Callable, a DeferredResult, or a Mono or Flux with Reactor's"
									+ " automatic context propagation; or set the variables where the work is done.");
		}
	}

	private static void requireProxy(String name, @Nullable Object bean, Class<?> type, Method method) {
		boolean proxied = (bean != null) ? AopUtils.isAopProxy(bean) : !Modifier.isFinal(type.getModifiers());
		if (!proxied && !Modifier.isStatic(method.getModifiers())) {
			throw new InvalidDeclarationException(
					"@ContextScoped does nothing for " + nameOf(method) + ": bean '" + name + "' has no proxy, "
							+ (Modifier.isFinal(type.getModifiers()) ? "as its class is final"
									: "as it was created before proxies were, for example by a bean post-processor"),
					"Move the method to a bean that can be proxied.");
		}
	}

	private static @Nullable String nameOf(Method method) {
		return method.getDeclaringClass().getName() + "#" + method.getName();
	}

}
