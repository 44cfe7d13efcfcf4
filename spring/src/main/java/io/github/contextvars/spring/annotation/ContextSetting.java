package io.github.contextvars.spring.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Sets a declared variable for the scope of a {@link ContextScoped} method, before the
 * method runs.
 * <p>
 * The value is a Spring expression over the method's arguments, by name ({@code #order})
 * or position ({@code #p0}), and over beans ({@code @shop}). It is parsed once, and
 * evaluated in the caller's context; if that fails, the method does not run. Exceptions
 * pass as they are. Where the variable is sensitive, those of Spring's expressions and of
 * the JDK's own types become an {@link IllegalStateException} that shows nothing of the
 * value; others must not show it. A variable that nobody declared, an expression that
 * cannot be parsed or one that names an argument that the method doesn't have keeps the
 * application from starting.
 */
@Target({})
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface ContextSetting {

	/**
	 * The name of a declared variable.
	 * @return the name
	 */
	String variable();

	/**
	 * The value.
	 * @return a Spring expression, such as {@code #order.tenant} or {@code 'public'}
	 */
	String value();

}
