package io.github.contextvars.test;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.conversion.ConversionException;
import org.junit.platform.commons.support.conversion.ConversionSupport;

import io.github.contextvars.ContextVar;

/**
 * The values that {@link WithContextVar} annotations give a test.
 */
final class AnnotatedValues {

	private static final String SPRING_EXTENSION = "org.springframework.test.context.junit.jupiter.SpringExtension";

	private AnnotatedValues() {
	}

	static boolean isSpringTest(Class<?> test) {
		return classes(test).stream()
			.flatMap((type) -> AnnotationSupport.findRepeatableAnnotations(type, ExtendWith.class).stream())
			.flatMap((annotation) -> List.of(annotation.value()).stream())
			.anyMatch((extension) -> extension.getName().equals(SPRING_EXTENSION));
	}

	static boolean isPresent(Class<?> test, Method method) {
		return AnnotationSupport.isAnnotated(method, WithContext.class) || !annotations(test, method).isEmpty()
				|| classes(test).stream().anyMatch((type) -> AnnotationSupport.isAnnotated(type, WithContext.class));
	}

	/**
	 * Find the values of a test.
	 * @param test the test class
	 * @param method the test method
	 * @param application finds the variables of an application, if there is one
	 * @return the values, those that come first in the end
	 * @throws IllegalArgumentException if a variable is not found, or a text cannot be
	 * converted
	 */
	static Map<ContextVar<?>, @Nullable Object> of(Class<?> test, Method method, @Nullable Variables application) {
		Map<ContextVar<?>, @Nullable Object> values = new LinkedHashMap<>();
		for (WithContextVar annotation : annotations(test, method)) {
			boolean around = annotation.declaredIn().length == 0;
			List<Field> fields = fields(around ? classes(test) : List.of(annotation.declaredIn()));
			Field field = fields.stream()
				.filter((candidate) -> variable(candidate).name().equals(annotation.name()))
				.findFirst()
				.orElse(null);
			if (field != null) {
				values.put(variable(field), convert(annotation, field));
			}
			else if (!around || application == null || !application.put(annotation, values)) {
				Set<String> names = new TreeSet<>();
				fields.forEach((candidate) -> names.add(variable(candidate).name()));
				throw new IllegalArgumentException(
						"@WithContextVar names the variable '" + annotation.name() + "', which is not found among "
								+ names + ((application != null) ? " and the application's " + application.names() : "")
								+ ". Correct the name, or set declaredIn to the class of its static field.");
			}
		}
		return values;
	}

	private static List<WithContextVar> annotations(Class<?> test, Method method) {
		List<AnnotatedElement> elements = new ArrayList<>(classes(test));
		elements.add(method);
		List<WithContextVar> annotations = new ArrayList<>();
		elements.forEach((element) -> annotations
			.addAll(AnnotationSupport.findRepeatableAnnotations(element, WithContextVar.class)));
		return annotations;
	}

	// The outermost first.
	private static List<Class<?>> classes(Class<?> test) {
		List<Class<?>> classes = new ArrayList<>();
		for (Class<?> type = test; type != null; type = type.getEnclosingClass()) {
			classes.add(0, type);
		}
		return classes;
	}

	// Of the innermost class first.
	private static List<Field> fields(List<? extends Class<?>> classes) {
		Set<Field> fields = new LinkedHashSet<>();
		for (int i = classes.size() - 1; i >= 0; i--) {
			collect(classes.get(i), fields);
		}
		return List.copyOf(fields);
	}

	private static void collect(@Nullable Class<?> type, Set<Field> fields) {
		if (type == null) {
			return;
		}
		for (Field field : type.getDeclaredFields()) {
			if (Modifier.isStatic(field.getModifiers()) && field.getType() == ContextVar.class) {
				fields.add(field);
			}
		}
		collect(type.getSuperclass(), fields);
		for (Class<?> implemented : type.getInterfaces()) {
			collect(implemented, fields);
		}
	}

	private static ContextVar<?> variable(Field field) {
		try {
			field.setAccessible(true);
			Object variable = field.get(null);
			if (variable instanceof ContextVar<?> present) {
				return present;
			}
			throw new IllegalArgumentException("The static field " + field + " is null");
		}
		catch (IllegalAccessException ex) {
			throw new IllegalArgumentException(ex);
		}
	}

	private static @Nullable Object convert(WithContextVar annotation, Field field) {
		Type type = (field.getGenericType() instanceof ParameterizedType generic) ? generic.getActualTypeArguments()[0]
				: Object.class;
		if (type == Object.class || type == String.class || !(type instanceof Class<?> target)) {
			return annotation.value();
		}
		try {
			return ConversionSupport.convert(annotation.value(), target, field.getDeclaringClass().getClassLoader());
		}
		catch (ConversionException ex) {
			throw new IllegalArgumentException("@WithContextVar has the value '" + annotation.value()
					+ "' for the variable '" + annotation.name() + "', which cannot be converted to " + target.getName()
					+ ". Use ContextVarExtension.with for it.", ex);
		}
	}

	/**
	 * The variables of an application.
	 */
	interface Variables {

		/**
		 * Put the value of a variable into a map.
		 * @param annotation names the variable and its value
		 * @param values where the value is put
		 * @return whether the application has declared the variable
		 */
		boolean put(WithContextVar annotation, Map<ContextVar<?>, @Nullable Object> values);

		/**
		 * List the names of the variables.
		 * @return the names
		 */
		List<String> names();

	}

}
