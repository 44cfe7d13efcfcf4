package io.github.contextvars.spring.web.reactive;

import java.util.NoSuchElementException;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.TypeMismatchException;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.core.MethodParameter;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.util.Assert;
import org.springframework.web.reactive.BindingContext;
import org.springframework.web.reactive.result.method.annotation.AbstractNamedValueSyncArgumentResolver;
import org.springframework.web.server.ServerErrorException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.ServerWebInputException;
import reactor.core.publisher.Mono;

import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.registry.ContextVariableRegistry;

/**
 * {@link org.springframework.web.reactive.result.method.HandlerMethodArgumentResolver}
 * for {@link FromContext @FromContext} in the controllers of Spring WebFlux.
 */
final class FromContextArgumentResolver extends AbstractNamedValueSyncArgumentResolver {

	private final ConfigurableBeanFactory beanFactory;

	private final ContextVariableRegistry variables;

	FromContextArgumentResolver(ConfigurableBeanFactory beanFactory, ReactiveAdapterRegistry adapters,
			ContextVariableRegistry variables) {
		super(beanFactory, adapters);
		this.beanFactory = beanFactory;
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
	public Mono<Object> resolveArgument(MethodParameter parameter, BindingContext binding, ServerWebExchange exchange) {
		return super.resolveArgument(parameter, binding, exchange)
			.onErrorMap((failure) -> withoutValue(failure, parameter));
	}

	// Without the cause: its message, and those of its own causes, show the value.
	private Throwable withoutValue(Throwable failure, MethodParameter parameter) {
		if (!(failure.getCause() instanceof TypeMismatchException)) {
			return failure;
		}
		String message = "Context variable '" + nameOf(parameter) + "' has a value that cannot be converted to "
				+ parameter.getNestedParameterType().getSimpleName() + ", the type of parameter "
				+ parameter.getParameterIndex() + " of " + parameter.getExecutable();
		return (failure instanceof ServerErrorException) ? new ServerErrorException(message, parameter, null)
				: new ServerWebInputException(message, parameter);
	}

	// Spring WebFlux does not tell the name with its exceptions.
	private @Nullable String nameOf(MethodParameter parameter) {
		FromContext annotation = parameter.getParameterAnnotation(FromContext.class);
		String name = (annotation != null && !annotation.name().isEmpty()) ? annotation.name()
				: parameter.getParameterName();
		return (name != null) ? this.beanFactory.resolveEmbeddedValue(name) : null;
	}

	@Override
	protected @Nullable Object resolveNamedValue(String name, MethodParameter parameter, ServerWebExchange exchange) {
		try {
			return this.variables.require(name).variable().get();
		}
		catch (NoSuchElementException ex) {
			return null;
		}
	}

	@Override
	protected void handleMissingValue(String name, MethodParameter parameter) {
		throw new ServerWebInputException("Context variable '" + name + "' has no value in this request for a method"
				+ " parameter of type " + parameter.getNestedParameterType().getSimpleName(), parameter);
	}

}
