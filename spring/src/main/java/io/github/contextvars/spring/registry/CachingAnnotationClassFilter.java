package io.github.contextvars.spring.registry;

import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import org.jspecify.annotations.Nullable;
import org.springframework.aop.ClassFilter;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.annotation.AnnotationUtils;

/**
 * {@link ClassFilter} that matches the types on which some annotations can be found: on
 * the type, on its superclasses and interfaces, and on the methods of all of these, as
 * meta-annotations, too.
 * <p>
 * Internal: public for the other packages of the library only.
 * <p>
 * A pointcut without such a filter is asked about each method of each bean, with a search
 * through the method's hierarchy each time, which was a third of what the library added
 * to the start of an application. Here, each type is looked at once, with its own
 * annotations and methods only, as beans share most of their supertypes.
 *
 * @since 0.1.0
 */
public final class CachingAnnotationClassFilter implements ClassFilter {

	private final List<Class<? extends Annotation>> annotations;

	private final Map<Class<?>, Boolean> known = new ConcurrentHashMap<>();

	/**
	 * Create a filter.
	 * @param annotations the annotations, one of which a type has to have
	 */
	public CachingAnnotationClassFilter(Collection<Class<? extends Annotation>> annotations) {
		this.annotations = List.copyOf(annotations);
	}

	/**
	 * Return whether one of the annotations can be found on a type. May be called on any
	 * thread.
	 * @param type the type
	 * @return whether it can; the methods of a type that cannot be read, as an optional
	 * library is not there, count as not annotated
	 */
	@Override
	public boolean matches(Class<?> type) {
		return !this.annotations.isEmpty() && isKnown(type);
	}

	private boolean isKnown(@Nullable Class<?> type) {
		if (type == null || !AnnotationUtils.isCandidateClass(type, this.annotations)) {
			return false;
		}
		Boolean known = this.known.get(type);
		if (known == null) {
			known = search(type);
			this.known.put(type, known);
		}
		return known;
	}

	private boolean search(Class<?> type) {
		if (isAnnotated(type) || isKnown(type.getSuperclass())) {
			return true;
		}
		for (Class<?> superinterface : type.getInterfaces()) {
			if (isKnown(superinterface)) {
				return true;
			}
		}
		for (Method method : methodsOf(type)) {
			if (isAnnotated(method)) {
				return true;
			}
		}
		return false;
	}

	// An unrelated type must not make the application fail on startup.
	private static Method[] methodsOf(Class<?> type) {
		try {
			return type.getDeclaredMethods();
		}
		catch (LinkageError ex) {
			return new Method[0];
		}
	}

	private boolean isAnnotated(AnnotatedElement element) {
		if (element.getDeclaredAnnotations().length > 0) {
			for (Class<? extends Annotation> annotation : this.annotations) {
				if (AnnotatedElementUtils.isAnnotated(element, annotation)) {
					return true;
				}
			}
		}
		return false;
	}

}
