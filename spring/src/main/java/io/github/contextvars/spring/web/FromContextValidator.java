package io.github.contextvars.spring.web;

import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.DefaultParameterNameDiscoverer;
import org.springframework.core.MethodParameter;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.annotation.AnnotatedMethod;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;
import org.springframework.stereotype.Controller;
import org.springframework.util.ReflectionUtils;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.InitBinder;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.support.WebBindingInitializer;
import org.springframework.web.service.annotation.HttpExchange;

import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.registry.BeanTypes;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.registry.InvalidDeclarationException;

/**
 * Validator that fails on startup if a {@link FromContext} parameter names a variable
 * that is not declared, or has a type that the variable's values cannot be converted to.
 * <p>
 * It looks at the types of controllers and their advice, not at what is mapped. This
 * includes {@code @ModelAttribute} and {@code @ExceptionHandler} methods and lazy beans.
 * Of the methods that other frameworks call it validates the names only: each of them
 * converts arguments in its own way. What it cannot know fails when it is called.
 * <p>
 * Internal: public for the other packages of the library only.
 *
 * @since 0.1.0
 */
public final class FromContextValidator implements SmartInitializingSingleton {

	private static final List<Class<? extends Annotation>> MAPPED = List.of(RequestMapping.class, HttpExchange.class,
			ModelAttribute.class, ExceptionHandler.class, InitBinder.class);

	// By name: these frameworks may be absent.
	private static final List<String> CALLED_BY_OTHERS = List.of(
			"org.springframework.graphql.data.method.annotation.SchemaMapping",
			"org.springframework.graphql.data.method.annotation.GraphQlExceptionHandler",
			"org.springframework.messaging.handler.annotation.MessageMapping",
			"org.springframework.messaging.simp.annotation.SubscribeMapping",
			"org.springframework.messaging.handler.annotation.MessageExceptionHandler");

	private final ConfigurableListableBeanFactory beanFactory;

	private final ContextVariableRegistry variables;

	private final Predicate<MethodParameter> bound;

	private final ValueConversion conversion;

	/**
	 * Create a validator.
	 * @param beanFactory holds the beans to validate
	 * @param variables the declared variables
	 * @param binding knows what converts arguments; asked for only where a value is not
	 * of the parameter's type already
	 * @param bound tells what the framework binds to something of the request itself,
	 * before it asks the library
	 */
	public FromContextValidator(ConfigurableListableBeanFactory beanFactory, ContextVariableRegistry variables,
			Supplier<@Nullable WebBindingInitializer> binding, Predicate<MethodParameter> bound) {
		this.beanFactory = beanFactory;
		this.variables = variables;
		this.bound = bound;
		this.conversion = new ValueConversion(binding);
	}

	/**
	 * Validate the types of all controllers; creates no bean.
	 * @throws InvalidDeclarationException if a parameter could never get its value
	 */
	@Override
	public void afterSingletonsInstantiated() {
		Set<Class<?>> types = BeanTypes.of(this.beanFactory);
		List<Class<?>> advice = with(ControllerAdvice.class, types);
		List<Class<?>> controllers = with(Controller.class, types);
		// An editor that is registered for a request may convert anything.
		boolean adviceBinds = advice.stream().anyMatch(FromContextValidator::binds);
		advice.forEach((type) -> check(type, !adviceBinds));
		controllers.forEach((type) -> check(type, !adviceBinds && !binds(type)));
	}

	private static List<Class<?>> with(Class<? extends Annotation> annotation, Set<Class<?>> types) {
		return types.stream().filter((type) -> AnnotatedElementUtils.hasAnnotation(type, annotation)).toList();
	}

	private static boolean binds(Class<?> type) {
		for (Method method : ReflectionUtils.getUniqueDeclaredMethods(type)) {
			if (AnnotatedElementUtils.hasAnnotation(method, InitBinder.class)) {
				return true;
			}
		}
		return false;
	}

	private void check(Class<?> type, boolean typesAreKnown) {
		for (Method method : ReflectionUtils.getUniqueDeclaredMethods(type, (method) -> !method.isSynthetic())) {
			boolean mapped = method.getParameterCount() > 0 && isMapped(method);
			if (mapped || (method.getParameterCount() > 0 && isCalledByOthers(method))) {
				for (MethodParameter parameter : new BeanMethod(type, method).getMethodParameters()) {
					FromContext annotation = parameter.getParameterAnnotation(FromContext.class);
					if (annotation != null) {
						check(parameter, annotation, mapped && typesAreKnown);
						if (mapped) {
							checkUnbound(parameter);
						}
					}
				}
			}
		}
	}

	private static boolean isMapped(Method method) {
		return MAPPED.stream().anyMatch((type) -> AnnotatedElementUtils.hasAnnotation(method, type));
	}

	private static boolean isCalledByOthers(Method method) {
		MergedAnnotations annotations = MergedAnnotations.from(method, SearchStrategy.TYPE_HIERARCHY);
		return CALLED_BY_OTHERS.stream().anyMatch(annotations::isPresent);
	}

	private void check(MethodParameter parameter, FromContext annotation, boolean typeIsKnown) {
		parameter.initParameterNameDiscovery(new DefaultParameterNameDiscoverer());
		String name = nameOf(parameter, annotation);
		if (name == null) {
			return;
		}
		ContextVariableRegistry.Declaration declaration = this.variables.find(name);
		if (declaration == null) {
			throw new InvalidDeclarationException(
					place(parameter) + " names the variable '" + name + "', which is not declared", "Use one of "
							+ this.variables.names() + ", or declare it with @ContextVariable in a bean's class.");
		}
		Class<?> valueType = declaration.valueType();
		if (typeIsKnown && valueType != null && !this.conversion.isPossible(valueType, parameter)) {
			String type = parameter.nestedIfOptional().getNestedParameterType().getTypeName();
			throw new InvalidDeclarationException(
					place(parameter) + " has the type " + type + ", which the values of the variable '" + name
							+ "' cannot be converted to: " + declaration.declaredBy() + " holds "
							+ valueType.getTypeName(),
					"Give the parameter the type " + valueType.getTypeName() + ", or register a Converter from "
							+ valueType.getTypeName() + " to " + type + ".");
		}
	}

	private void checkUnbound(MethodParameter parameter) {
		if (this.bound.test(parameter)) {
			throw new InvalidDeclarationException(
					place(parameter) + " has the type " + parameter.getParameterType().getTypeName()
							+ ", which Spring binds to that of the request",
					"Read the variable in the method, or give the parameter another type.");
		}
	}

	// An expression may depend on the request.
	private @Nullable String nameOf(MethodParameter parameter, FromContext annotation) {
		String name = annotation.name().isEmpty() ? parameter.getParameterName() : annotation.name();
		if (name == null) {
			throw new InvalidDeclarationException(place(parameter) + " names no variable, and its own name is unknown",
					"Name the variable, as in @FromContext(\"tenant\"), or compile with '-parameters'.");
		}
		String resolved = resolve(name, parameter);
		return (resolved == null || resolved.contains("#{")) ? null : resolved;
	}

	private @Nullable String resolve(String name, MethodParameter parameter) {
		try {
			return this.beanFactory.resolveEmbeddedValue(name);
		}
		catch (IllegalArgumentException ex) {
			throw new InvalidDeclarationException(
					place(parameter) + " has the name '" + name + "', which cannot be resolved: " + ex.getMessage(),
					"Define the property, or correct the name.");
		}
	}

	private static String place(MethodParameter parameter) {
		String name = parameter.getParameterName();
		return "@FromContext parameter " + ((name != null) ? "'" + name + "'" : parameter.getParameterIndex()) + " of "
				+ parameter.getContainingClass().getName() + "#" + parameter.getExecutable().getName();
	}

	// Sees the annotations of interfaces, too, and what type variables stand for.
	private static final class BeanMethod extends AnnotatedMethod {

		private final Class<?> type;

		BeanMethod(Class<?> type, Method method) {
			super(method);
			this.type = type;
		}

		@Override
		protected Class<?> getContainingClass() {
			return this.type;
		}

	}

}
