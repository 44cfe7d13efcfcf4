package io.github.contextvars.spring.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.core.annotation.AliasFor;
import org.springframework.web.bind.annotation.ValueConstants;

/**
 * Binds a parameter of a controller's method to the value of a declared context variable,
 * or to its default. The parameter may be an {@link java.util.Optional}.
 * <p>
 * Works as {@link org.springframework.web.bind.annotation.RequestAttribute} does: a
 * required value that is missing is a
 * {@link org.springframework.web.bind.ServletRequestBindingException}, which Spring MVC
 * answers with status 400, and so is a value of which the conversion fails; a value that
 * nothing converts is an {@link IllegalStateException}, an error of the server. Neither
 * shows the value. {@code FromContext} takes precedence over what Spring binds by type,
 * such as a {@code Locale}.
 * <p>
 * A name that no variable was declared with, or a type that the variable's values cannot
 * be converted to, keeps the application from starting, where that can be known;
 * elsewhere, as in a test of a slice, it fails when it is called.
 */
@Target(ElementType.PARAMETER)
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface FromContext {

	/**
	 * Alias for {@link #name()}.
	 * @return the name
	 */
	@AliasFor("name")
	String value() default "";

	/**
	 * The name of the variable; by default that of the parameter.
	 * @return the name
	 */
	@AliasFor("value")
	String name() default "";

	/**
	 * Whether a request without a value is refused; otherwise the argument is
	 * {@code null}.
	 * @return whether a value is required
	 */
	boolean required() default true;

	/**
	 * What to use when there is neither a value nor a default of the variable. Implies
	 * that no value is required.
	 * @return the default, to be converted to the parameter's type
	 */
	String defaultValue() default ValueConstants.DEFAULT_NONE;

}
