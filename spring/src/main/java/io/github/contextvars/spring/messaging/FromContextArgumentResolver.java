package io.github.contextvars.spring.messaging;

import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.BeansException;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.core.MethodParameter;
import org.springframework.core.convert.ConversionService;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageHandlingException;
import org.springframework.messaging.MessagingException;
import org.springframework.messaging.handler.annotation.support.AbstractNamedValueMethodArgumentResolver;
import org.springframework.messaging.handler.invocation.HandlerMethodArgumentResolver;
import org.springframework.util.Assert;

import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.registry.ContextVariableRegistry;

/**
 * {@link HandlerMethodArgumentResolver} for parameters of message-handling methods that
 * are annotated with {@link FromContext}.
 *
 * @since 0.1.0
 * @see io.github.contextvars.spring.web.servlet.FromContextArgumentResolver
 */
public final class FromContextArgumentResolver implements HandlerMethodArgumentResolver {

	private final NamedValues namedValues;

	/**
	 * Create a resolver.
	 * @param conversionService converts values to the types of parameters
	 * @param beanFactory resolves placeholders in names and defaults
	 * @param variables the declared variables
	 */
	public FromContextArgumentResolver(ConversionService conversionService, ConfigurableBeanFactory beanFactory,
			ContextVariableRegistry variables) {
		this.namedValues = new NamedValues(conversionService, beanFactory, variables);
	}

	/**
	 * Put a resolver in front of others, which might bind a parameter whatever its
	 * annotation.
	 * @param resolver the resolver
	 * @param others the others; one of this type among them is left out
	 * @return a new list
	 */
	public static List<HandlerMethodArgumentResolver> first(FromContextArgumentResolver resolver,
			List<HandlerMethodArgumentResolver> others) {
		List<HandlerMethodArgumentResolver> resolvers = new ArrayList<>(others);
		resolvers.removeIf(FromContextArgumentResolver.class::isInstance);
		resolvers.add(0, resolver);
		return resolvers;
	}

	@Override
	public boolean supportsParameter(MethodParameter parameter) {
		return this.namedValues.supportsParameter(parameter);
	}

	@Override
	public @Nullable Object resolveArgument(MethodParameter parameter, Message<?> message) throws Exception {
		try {
			return this.namedValues.resolveArgument(parameter, message);
		}
		catch (MessagingException | BeansException | IllegalStateException | IllegalArgumentException ex) {
			throw ex; // of the parameter's name and default
		}
		catch (RuntimeException ex) {
			// Without the cause: its message, and those of its own causes, show the
			// value.
			throw new MessageHandlingException(message,
					"The value of a context variable cannot be converted to "
							+ parameter.getNestedParameterType().getSimpleName() + ", the type of parameter "
							+ parameter.getParameterIndex() + " of " + parameter.getExecutable());
		}
	}

	private static final class NamedValues extends AbstractNamedValueMethodArgumentResolver {

		private final ContextVariableRegistry variables;

		private NamedValues(ConversionService conversionService, ConfigurableBeanFactory beanFactory,
				ContextVariableRegistry variables) {
			super(conversionService, beanFactory);
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
			return new VariableInfo(annotation);
		}

		@Override
		protected @Nullable Object resolveArgumentInternal(MethodParameter parameter, Message<?> message, String name) {
			try {
				return this.variables.require(name).variable().get();
			}
			catch (NoSuchElementException ex) {
				return null;
			}
		}

		@Override
		protected void handleMissingValue(String name, MethodParameter parameter, Message<?> message) {
			throw new MessageHandlingException(message,
					"Context variable '" + name + "' has no value for a method parameter of type "
							+ parameter.getNestedParameterType().getSimpleName());
		}

		private static final class VariableInfo extends NamedValueInfo {

			private VariableInfo(FromContext annotation) {
				super(annotation.name(), annotation.required(), annotation.defaultValue());
			}

		}

	}

}
