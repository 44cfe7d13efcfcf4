package io.github.contextvars.spring.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Declares a context variable to the application: a static field of a bean's class or of
 * its supertypes, or a {@code @Bean} method, that holds a
 * {@link io.github.contextvars.ContextVar}. Declared variables can be named in
 * annotations, and are listed and described by the endpoint.
 * <p>
 * The application does not start if a field is not static or is {@code null}, if what is
 * annotated is no {@code ContextVar}, if two variables have the same name, or if one is
 * sensitive and to be shown elsewhere.
 */
@Target({ ElementType.FIELD, ElementType.METHOD })
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface ContextVariable {

	/**
	 * What the variable is for.
	 * @return one sentence for operators
	 */
	String description() default "";

	/**
	 * Whether the variable's values must never be shown: the endpoint masks them always.
	 * A sensitive variable can be neither {@link #logged()} nor {@link #observed()}.
	 * <p>
	 * Read it with {@link io.github.contextvars.ContextVar#get()} rather than as a
	 * parameter: Spring MVC prints the arguments of a method that it cannot call.
	 * @return whether to mask values always
	 */
	boolean sensitive() default false;

	/**
	 * Whether each log event of a thread where the variable is set carries its value, as
	 * an entry of the MDC under the variable's name. Entries that the application has put
	 * there itself take precedence. Works with Logback and Log4j2.
	 * @return whether to add values to log events
	 */
	boolean logged() default false;

	/**
	 * Whether observations that end where the variable is set carry its value, as a key
	 * value of high cardinality: it shows in traces, and not in metrics.
	 * @return whether to add values to observations
	 */
	boolean observed() default false;

}
