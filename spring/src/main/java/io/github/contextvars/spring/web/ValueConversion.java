package io.github.contextvars.spring.web;

import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.BeanUtils;
import org.springframework.beans.SimpleTypeConverter;
import org.springframework.core.MethodParameter;
import org.springframework.core.convert.ConversionService;
import org.springframework.core.convert.TypeDescriptor;
import org.springframework.util.ClassUtils;
import org.springframework.util.function.SingletonSupplier;
import org.springframework.web.bind.WebDataBinder;
import org.springframework.web.bind.support.WebBindingInitializer;

import io.github.contextvars.spring.registry.VariableConversion;

/**
 * Check whether Spring could convert a value to an argument, by their types alone and
 * with the converters and editors of requests. If unsure, it assumes that it could.
 */
final class ValueConversion {

	private final Supplier<WebDataBinder> binder;

	ValueConversion(Supplier<@Nullable WebBindingInitializer> binding) {
		this.binder = SingletonSupplier.of(() -> binder(binding));
	}

	boolean isPossible(Class<?> valueType, MethodParameter parameter) {
		TypeDescriptor target = new TypeDescriptor(parameter);
		Class<?> nested = new TypeDescriptor(parameter.nestedIfOptional()).getObjectType();
		return VariableConversion.isOpen(valueType) || VariableConversion.isOpen(nested) || valueType == nested
				|| valueType == target.getObjectType() || (isSimple(valueType) && isSimple(nested))
				|| BeanUtils.findEditorByConvention(nested) != null
				|| (valueType == String.class && isReadFromText(nested)) || canConvert(valueType, target);
	}

	// Spring converts among these by itself.
	private static boolean isSimple(Class<?> type) {
		return type == String.class || ClassUtils.isPrimitiveOrWrapper(type);
	}

	private boolean canConvert(Class<?> valueType, TypeDescriptor target) {
		ConversionService service = this.binder.get().getConversionService();
		return service == null || service.canConvert(TypeDescriptor.valueOf(valueType), target)
				|| this.binder.get().findCustomEditor(target.getObjectType(), null) != null;
	}

	private static boolean isReadFromText(Class<?> target) {
		return new SimpleTypeConverter().getDefaultEditor(target) != null || hasConstants(target)
				|| ClassUtils.hasConstructor(target, String.class);
	}

	// Spring reads a text as the name of a constant.
	private static boolean hasConstants(Class<?> target) {
		return Arrays.stream(target.getFields())
			.anyMatch((field) -> Modifier.isStatic(field.getModifiers()) && target.isAssignableFrom(field.getType()));
	}

	private static WebDataBinder binder(Supplier<@Nullable WebBindingInitializer> binding) {
		WebDataBinder binder = new WebDataBinder(null);
		WebBindingInitializer initializer = binding.get();
		try {
			if (initializer != null) {
				initializer.initBinder(binder);
			}
			return binder;
		}
		catch (RuntimeException ex) {
			// It may need a request: nothing is known then.
			return new WebDataBinder(null);
		}
	}

}
