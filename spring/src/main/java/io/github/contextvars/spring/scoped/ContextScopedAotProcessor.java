package io.github.contextvars.spring.scoped;

import java.lang.reflect.Method;
import java.util.LinkedHashSet;
import java.util.Set;

import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.BindingReflectionHintsRegistrar;
import org.springframework.beans.factory.aot.BeanRegistrationAotContribution;
import org.springframework.beans.factory.aot.BeanRegistrationAotProcessor;
import org.springframework.beans.factory.support.RegisteredBean;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

import io.github.contextvars.spring.annotation.ContextScoped;

/**
 * {@link BeanRegistrationAotProcessor} that registers what the expressions of
 * {@link ContextScoped} methods read: the properties of the methods' arguments.
 */
final class ContextScopedAotProcessor implements BeanRegistrationAotProcessor {

	private final ContextScopedPointcut pointcut = new ContextScopedPointcut();

	private final BindingReflectionHintsRegistrar properties = new BindingReflectionHintsRegistrar();

	@Override
	public @Nullable BeanRegistrationAotContribution processAheadOfTime(RegisteredBean bean) {
		Class<?> type = ClassUtils.getUserClass(bean.getBeanClass());
		if (!this.pointcut.mayBeIn(type)) {
			return null;
		}
		Set<Method> methods = new LinkedHashSet<>();
		for (Method method : ReflectionUtils.getUniqueDeclaredMethods(type, (method) -> !method.isSynthetic())) {
			ContextScoped scoped = this.pointcut.find(method, type);
			if (scoped != null && scoped.set().length > 0) {
				methods.add(method);
			}
		}
		return methods.isEmpty() ? null : (generation, code) -> methods.forEach((method) -> this.properties
			.registerReflectionHints(generation.getRuntimeHints().reflection(), method.getGenericParameterTypes()));
	}

}
