package io.github.contextvars.spring.registry;

import java.lang.reflect.Modifier;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.core.KotlinDetector;
import org.springframework.core.convert.ConversionService;
import org.springframework.core.convert.TypeDescriptor;
import org.springframework.core.convert.support.DefaultConversionService;
import org.springframework.util.ClassUtils;

/**
 * Conversion of values to the types of the variables that they are for, with the bean
 * factory's {@link ConversionService}.
 * <p>
 * Internal: public for the other packages of the library only.
 *
 * @since 0.1.0
 */
public final class VariableConversion {

	private final BeanFactory beanFactory;

	/**
	 * Create a conversion.
	 * @param beanFactory holds the conversion service; Spring's default is used if there
	 * is none
	 */
	public VariableConversion(BeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	/**
	 * Convert a value to a variable's declared type, type arguments included.
	 * @param value the value; {@code null} is a value of each type
	 * @param declaration the variable
	 * @return the value itself if it is of the type or the type is not known, or else the
	 * converted value
	 * @throws IllegalStateException if the value cannot be converted; shows nothing of it
	 */
	public @Nullable Object convert(@Nullable Object value, ContextVariableRegistry.Declaration declaration) {
		Class<?> type = declaration.valueType();
		if (value == null || type == null || (type.isInstance(value) && !declaration.declaredType().hasGenerics())) {
			return value;
		}
		try {
			return conversionService().convert(value, TypeDescriptor.forObject(value), descriptor(declaration));
		}
		catch (RuntimeException ex) {
			// Without the cause: its message, and those of its own causes, show the
			// value.
			throw new IllegalStateException(
					"A value of type " + ClassUtils.getQualifiedName(value.getClass()) + " cannot be converted to "
							+ declaration.type() + ", the type of the context variable '" + declaration.name() + "'");
		}
	}

	/**
	 * Return whether values of a type can be converted to a variable's. If unsure, it
	 * assumes that they can.
	 * @param valueType the type of the values
	 * @param declaration the variable
	 * @return whether they can be converted
	 */
	public boolean isPossible(Class<?> valueType, ContextVariableRegistry.Declaration declaration) {
		Class<?> source = ClassUtils.resolvePrimitiveIfNecessary(valueType);
		Class<?> target = declaration.valueType();
		return target == null || isOpen(source) || target.isAssignableFrom(source)
				|| conversionService().canConvert(TypeDescriptor.valueOf(source), descriptor(declaration));
	}

	/**
	 * Return whether a value of a type may be more than the type tells: of a subclass,
	 * for which there is a converter, an array, which is converted element by element, or
	 * one of Kotlin's that Java does not see.
	 * @param type the type
	 * @return whether the value's own class may decide how it is converted
	 */
	public static boolean isOpen(Class<?> type) {
		return !Modifier.isFinal(type.getModifiers()) || type.isArray() || KotlinDetector.isInlineClass(type);
	}

	private static TypeDescriptor descriptor(ContextVariableRegistry.Declaration declaration) {
		return new TypeDescriptor(declaration.declaredType(), null, null);
	}

	private ConversionService conversionService() {
		ConversionService present = (this.beanFactory instanceof ConfigurableBeanFactory configurable)
				? configurable.getConversionService() : null;
		return (present != null) ? present : DefaultConversionService.getSharedInstance();
	}

}
