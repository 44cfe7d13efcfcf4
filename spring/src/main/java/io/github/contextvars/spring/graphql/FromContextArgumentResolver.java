package io.github.contextvars.spring.graphql;

import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.Supplier;

import graphql.schema.DataFetchingEnvironment;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.core.MethodParameter;
import org.springframework.core.convert.ConversionService;
import org.springframework.core.convert.TypeDescriptor;
import org.springframework.core.convert.support.DefaultConversionService;
import org.springframework.graphql.data.method.HandlerMethodArgumentResolver;
import org.springframework.util.Assert;
import org.springframework.util.StringUtils;
import org.springframework.web.bind.annotation.ValueConstants;

import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.registry.ContextVariableRegistry;

/**
 * {@link HandlerMethodArgumentResolver} for {@link FromContext @FromContext} in the
 * methods of GraphQL controllers.
 */
final class FromContextArgumentResolver implements HandlerMethodArgumentResolver {

	private final ConfigurableBeanFactory beanFactory;

	private final Supplier<ContextVariableRegistry> variables;

	/**
	 * Create a resolver.
	 * @param beanFactory resolves placeholders in names and defaults, and has the
	 * conversion service
	 * @param variables the declared variables; asked for at the first call
	 */
	FromContextArgumentResolver(ConfigurableBeanFactory beanFactory, Supplier<ContextVariableRegistry> variables) {
		this.beanFactory = beanFactory;
		this.variables = variables;
	}

	@Override
	public boolean supportsParameter(MethodParameter parameter) {
		return parameter.hasParameterAnnotation(FromContext.class);
	}

	@Override
	public @Nullable Object resolveArgument(MethodParameter parameter, DataFetchingEnvironment environment) {
		FromContext annotation = parameter.getParameterAnnotation(FromContext.class);
		Assert.state(annotation != null, "No FromContext annotation");
		String name = resolve(
				StringUtils.hasText(annotation.name()) ? annotation.name() : parameter.getParameterName());
		Assert.state(name != null, () -> "@FromContext has no name, and the name of parameter "
				+ parameter.getParameterIndex() + " of " + parameter.getExecutable() + " is not known");
		MethodParameter target = parameter.nestedIfOptional();
		Object value = convert(valueOf(name, annotation, parameter), name, target);
		return (parameter.getParameterType() == Optional.class) ? Optional.ofNullable(value) : value;
	}

	private @Nullable Object valueOf(String name, FromContext annotation, MethodParameter parameter) {
		try {
			return this.variables.get().require(name).variable().get();
		}
		catch (NoSuchElementException ex) {
			if (!annotation.defaultValue().equals(ValueConstants.DEFAULT_NONE)) {
				return resolve(annotation.defaultValue());
			}
			if (annotation.required() && !parameter.isOptional()) {
				throw new IllegalStateException("Context variable '" + name + "' has no value for parameter "
						+ parameter.getParameterIndex() + " of " + parameter.getExecutable());
			}
			return null;
		}
	}

	// Without the cause: its message shows the value.
	private @Nullable Object convert(@Nullable Object value, String name, MethodParameter target) {
		if (value == null || target.getNestedParameterType().isInstance(value)) {
			return value;
		}
		ConversionService present = this.beanFactory.getConversionService();
		try {
			return ((present != null) ? present : DefaultConversionService.getSharedInstance()).convert(value,
					TypeDescriptor.forObject(value), new TypeDescriptor(target));
		}
		catch (RuntimeException ex) {
			throw new IllegalStateException("The value of context variable '" + name + "' cannot be converted to "
					+ target.getNestedParameterType().getSimpleName() + ", the type of parameter "
					+ target.getParameterIndex() + " of " + target.getExecutable());
		}
	}

	private @Nullable String resolve(@Nullable String text) {
		return (text != null) ? this.beanFactory.resolveEmbeddedValue(text) : null;
	}

}
