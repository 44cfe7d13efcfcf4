package io.github.contextvars.spring.scoped;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;
import org.springframework.aop.support.StaticMethodMatcherPointcut;
import org.springframework.core.MethodClassKey;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.util.ReflectionUtils;

import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.registry.CachingAnnotationClassFilter;

/**
 * {@link org.springframework.aop.Pointcut} that matches {@link ContextScoped} methods: by
 * the method itself, by those it overrides or implements, then by the type, its
 * superclasses and interfaces.
 */
final class ContextScopedPointcut extends StaticMethodMatcherPointcut {

	private final Map<MethodClassKey, Optional<ContextScoped>> found = new ConcurrentHashMap<>();

	private final CachingAnnotationClassFilter types = new CachingAnnotationClassFilter(List.of(ContextScoped.class));

	ContextScopedPointcut() {
		// A final class cannot be proxied: ContextScopedValidator has the better message.
		setClassFilter((type) -> (!Modifier.isFinal(type.getModifiers()) || Proxy.isProxyClass(type)) && mayBeIn(type));
	}

	boolean mayBeIn(Class<?> type) {
		return this.types.matches(type);
	}

	@Override
	public boolean matches(Method method, Class<?> targetClass) {
		return find(method, targetClass) != null;
	}

	@Nullable ContextScoped find(Method method, @Nullable Class<?> targetClass) {
		return this.found
			.computeIfAbsent(new MethodClassKey(method, targetClass),
					(key) -> Optional.ofNullable(search(method, targetClass)))
			.orElse(null);
	}

	private @Nullable ContextScoped search(Method method, @Nullable Class<?> targetClass) {
		if (ReflectionUtils.isObjectMethod(method)) {
			return null;
		}
		Method specific = AopUtils.getMostSpecificMethod(method, targetClass);
		ContextScoped scoped = AnnotatedElementUtils.findMergedAnnotation(specific, ContextScoped.class);
		if (scoped != null || !Modifier.isPublic(specific.getModifiers())) {
			return scoped;
		}
		return AnnotatedElementUtils.findMergedAnnotation(
				(targetClass != null) ? targetClass : specific.getDeclaringClass(), ContextScoped.class);
	}

}
