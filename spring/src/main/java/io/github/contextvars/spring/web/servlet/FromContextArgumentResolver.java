package io.github.contextvars.spring.web.servlet;

import java.util.NoSuchElementException;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.BeansException;
import org.springframework.beans.ConversionNotSupportedException;
import org.springframework.beans.TypeMismatchException;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.core.MethodParameter;
import org.springframework.util.Assert;
import org.springframework.web.bind.ServletRequestBindingException;
import org.springframework.web.bind.support.WebDataBinderFactory;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.method.annotation.AbstractNamedValueMethodArgumentResolver;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.method.support.ModelAndViewContainer;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.registry.ContextVariableRegistry;

/**
 * {@link HandlerMethodArgumentResolver} for parameters that are annotated with
 * {@link FromContext}.
 *
 * @since 0.1.0
 */
public final class FromContextArgumentResolver implements HandlerMethodArgumentResolver {

	private final NamedValues namedValues;

	/**
	 * Create a resolver.
	 * @param beanFactory resolves placeholders in names and defaults
	 * @param variables the declared variables
	 */
	public FromContextArgumentResolver(ConfigurableBeanFactory beanFactory, ContextVariableRegistry variables) {
		this.namedValues = new NamedValues(beanFactory, variables);
	}

	@Override
	public boolean supportsParameter(MethodParameter parameter) {
		return this.namedValues.supportsParameter(parameter);
	}

	@Override
	public @Nullable Object resolveArgument(MethodParameter parameter, @Nullable ModelAndViewContainer container,
			NativeWebRequest request, @Nullable WebDataBinderFactory binderFactory) throws Exception {
		try {
			return this.namedValues.resolveArgument(parameter, container, request, binderFactory);
		}
		// Without the causes: their messages, and those of their own causes, show the
		// value.
		catch (ConversionNotSupportedException ex) {
			throw new IllegalStateException(message(ex.getPropertyName(), parameter));
		}
		catch (TypeMismatchException ex) {
			throw new ServletRequestBindingException(message(ex.getPropertyName(), parameter));
		}
		// Of the parameter's name and default. Spring wraps those of a conversion.
		catch (BeansException | IllegalStateException | IllegalArgumentException ex) {
			throw ex;
		}
		catch (RuntimeException ex) { // of an editor
			throw new ServletRequestBindingException(message(null, parameter));
		}
	}

	private static String message(@Nullable String name, MethodParameter parameter) {
		return "Context variable " + ((name != null) ? "'" + name + "' " : "")
				+ "has a value that cannot be converted to " + parameter.getNestedParameterType().getSimpleName()
				+ ", the type of parameter " + parameter.getParameterIndex() + " of " + parameter.getExecutable();
	}

	private static final class NamedValues extends AbstractNamedValueMethodArgumentResolver {

		private final ContextVariableRegistry variables;

		private NamedValues(ConfigurableBeanFactory beanFactory, ContextVariableRegistry variables) {
			super(beanFactory);
			this.variables = variables;
		}

		@Override
		public boolean supportsParameter(MethodParameter parameter) {
			return parameter.hasParameterAnnotation(FromContext.class);
		}

		@Override
		protected NamedValueInfo createNamedValueInfo(MethodParameter parameter) {
			FromContext annotation = parameter.getParameterAnnotation(FromContext.class);
			Assert.state(annotation != null, "No FromContext annotation");
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
		protected void handleMissingValue(String name, MethodParameter parameter)
				throws ServletRequestBindingException {
			throw new ServletRequestBindingException(
					"Context variable '" + name + "' has no value in this request for a method parameter of type "
							+ parameter.getNestedParameterType().getSimpleName());
		}

	}

}
