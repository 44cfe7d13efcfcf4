package io.github.contextvars.spring.annotation;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.util.stream.Stream;

import org.springframework.aot.hint.BindingReflectionHintsRegistrar;
import org.springframework.aot.hint.ReflectionHints;
import org.springframework.aot.hint.annotation.SimpleReflectiveProcessor;
import org.springframework.core.annotation.AnnotatedElementUtils;

/**
 * Lets the expressions of a scoped method read its arguments' properties in a native
 * image.
 */
final class ContextScopedReflectiveProcessor extends SimpleReflectiveProcessor {

	private final BindingReflectionHintsRegistrar properties = new BindingReflectionHintsRegistrar();

	@Override
	public void registerReflectionHints(ReflectionHints hints, AnnotatedElement element) {
		super.registerReflectionHints(hints, element);
		ContextScoped scoped = AnnotatedElementUtils.findMergedAnnotation(element, ContextScoped.class);
		if (scoped != null && scoped.set().length > 0) {
			methods(element)
				.forEach((method) -> this.properties.registerReflectionHints(hints, method.getGenericParameterTypes()));
		}
	}

	private static Stream<Method> methods(AnnotatedElement element) {
		return (element instanceof Class<?> type)
				? Stream.of(type.getMethods()).filter(ContextScopedReflectiveProcessor::isScoped)
				: Stream.of(element).filter(Method.class::isInstance).map(Method.class::cast);
	}

	private static boolean isScoped(Method method) {
		return method.getDeclaringClass() != Object.class;
	}

}
