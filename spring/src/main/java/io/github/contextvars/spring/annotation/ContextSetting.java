package io.github.contextvars.spring.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Setting of a declared variable in the scope of a {@link ContextScoped} method, made
 * before the method runs.
 * <p>
 * The value is a Spring expression over the method's arguments, by name ({@code #order})
 * or position ({@code #p0}), and over beans ({@code @shop}). It is parsed once, and
 * evaluated in the caller's context. If that fails, the method does not run, and the
 * exception is propagated unchanged. For a sensitive variable, exceptions of Spring's
 * expressions and of the JDK's own types are replaced by an {@link IllegalStateException}
 * that shows nothing of the value. Custom exceptions must not include the value.
 * <p>
 * An undeclared variable, an expression that cannot be parsed, or one that names an
 * argument that the method does not have, fails on startup.
 *
 * @since 0.1.0
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
