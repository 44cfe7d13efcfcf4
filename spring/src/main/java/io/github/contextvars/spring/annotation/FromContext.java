package io.github.contextvars.spring.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.core.annotation.AliasFor;
import org.springframework.web.bind.annotation.ValueConstants;

/**
 * Annotation that binds a parameter of a controller's method to the value of a declared
 * context variable, or to its default. The parameter may be an
 * {@link java.util.Optional}.
 * <p>
 * It works as {@link org.springframework.web.bind.annotation.RequestAttribute} does. A
 * required value that is missing is a
 * {@link org.springframework.web.bind.ServletRequestBindingException}, which Spring MVC
 * maps to status 400, and so is a value whose conversion fails. A value that no converter
 * supports is an {@link IllegalStateException}, a server error. No message shows the
 * value. {@code FromContext} takes precedence over what Spring binds by type, such as a
 * {@code Locale}.
 * <p>
 * An undeclared name, or a type that the variable's values cannot be converted to, fails
 * on startup where that can be known. Elsewhere, as in a slice test, it fails when the
 * method is called.
 *
 * @since 0.1.0
 * @see ContextVariable
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
