package io.github.contextvars.spring.web;

import java.util.NoSuchElementException;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.core.MethodParameter;
import org.springframework.util.Assert;
import org.springframework.web.bind.ServletRequestBindingException;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.method.annotation.AbstractNamedValueMethodArgumentResolver;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.declare.ContextVariables;

/**
 * Resolves the parameters that are annotated with {@link ContextValue}.
 */
public final class ContextValueArgumentResolver extends AbstractNamedValueMethodArgumentResolver {

	private final ContextVariables variables;

	/**
	 * Create a resolver.
	 * @param beanFactory resolves placeholders in names and defaults
	 * @param variables the declared variables
	 */
	public ContextValueArgumentResolver(ConfigurableBeanFactory beanFactory, ContextVariables variables) {
		super(beanFactory);
		this.variables = variables;
	}

	@Override
	public boolean supportsParameter(MethodParameter parameter) {
		return parameter.hasParameterAnnotation(ContextValue.class);
	}

	@Override
	protected NamedValueInfo createNamedValueInfo(MethodParameter parameter) {
		ContextValue annotation = parameter.getParameterAnnotation(ContextValue.class);
		Assert.state(annotation != null, "No ContextValue annotation");
		return new NamedValueInfo(annotation.name(), annotation.required(), annotation.defaultValue());
	}

	@Override
	protected @Nullable Object resolveName(String name, MethodParameter parameter, NativeWebRequest request) {
		ContextVar<?> variable = this.variables.require(name).variable();
		try {
			return variable.get();
		}
		catch (NoSuchElementException ex) {
			return null;
		}
	}

	@Override
	protected void handleMissingValue(String name, MethodParameter parameter) throws ServletRequestBindingException {
		throw new ServletRequestBindingException(
				"Context variable '" + name + "' has no value in this request for a method parameter of type "
						+ parameter.getNestedParameterType().getSimpleName());
	}

}
