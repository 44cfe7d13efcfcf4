package io.github.contextvars.spring.web;

import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.function.Supplier;

import org.springframework.beans.BeanUtils;
import org.springframework.beans.SimpleTypeConverter;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.core.MethodParameter;
import org.springframework.core.convert.ConversionService;
import org.springframework.core.convert.TypeDescriptor;
import org.springframework.util.function.SingletonSupplier;
import org.springframework.web.bind.WebDataBinder;
import org.springframework.web.bind.support.WebBindingInitializer;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerAdapter;

/**
 * Tells whether Spring MVC could make an argument of a value, from their types alone, by
 * the means that it uses for a request. In doubt it could.
 */
final class ValueConversion {

	private final Supplier<WebDataBinder> binder;

	ValueConversion(ObjectProvider<RequestMappingHandlerAdapter> adapter) {
		this.binder = SingletonSupplier.of(() -> binder(adapter));
	}

	boolean isPossible(Class<?> valueType, MethodParameter parameter) {
		TypeDescriptor target = new TypeDescriptor(parameter);
		Class<?> nested = new TypeDescriptor(parameter.nestedIfOptional()).getObjectType();
		return mayBe(valueType, target.getObjectType()) || mayBe(valueType, nested) || nested.isArray()
				|| canConvert(valueType, target)
				|| (valueType == String.class && (hasEditor(target.getObjectType()) || hasConstants(nested)));
	}

	// A value need not be of the very class, but some value could be.
	private static boolean mayBe(Class<?> valueType, Class<?> target) {
		return Modifier.isAbstract(valueType.getModifiers()) || target.isAssignableFrom(valueType)
				|| valueType.isAssignableFrom(target)
				|| (target.isInterface() && !Modifier.isFinal(valueType.getModifiers()));
	}

	private boolean canConvert(Class<?> valueType, TypeDescriptor target) {
		ConversionService service = this.binder.get().getConversionService();
		return service == null || service.canConvert(TypeDescriptor.valueOf(valueType), target)
				|| this.binder.get().findCustomEditor(target.getObjectType(), null) != null;
	}

	private static boolean hasEditor(Class<?> target) {
		return new SimpleTypeConverter().getDefaultEditor(target) != null
				|| BeanUtils.findEditorByConvention(target) != null;
	}

	// Spring reads a text as the name of a constant.
	private static boolean hasConstants(Class<?> target) {
		return Arrays.stream(target.getFields())
			.anyMatch((field) -> Modifier.isStatic(field.getModifiers()) && target.isAssignableFrom(field.getType()));
	}

	private static WebDataBinder binder(ObjectProvider<RequestMappingHandlerAdapter> provider) {
		WebDataBinder binder = new WebDataBinder(null);
		RequestMappingHandlerAdapter adapter = provider.getIfUnique();
		WebBindingInitializer initializer = (adapter != null) ? adapter.getWebBindingInitializer() : null;
		if (initializer != null) {
			initializer.initBinder(binder);
		}
		return binder;
	}

}
