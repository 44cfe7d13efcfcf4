package io.github.contextvars.spring.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Annotation that declares a context variable to the application: on a static field of a
 * bean's class or of its supertypes, or on a {@code @Bean} method, that holds a
 * {@link io.github.contextvars.ContextVar}. Declared variables can be named in
 * annotations, and the endpoint lists and describes them.
 * <p>
 * The application fails on startup if a field is not static or is {@code null}, if what
 * is annotated is no {@code ContextVar}, if two variables have the same name, or if a
 * sensitive variable is also logged, observed or has a header.
 *
 * @since 0.1.0
 * @see FromContext
 * @see ContextScoped
 * @see io.github.contextvars.spring.registry.ContextVariableRegistry
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
	 * Whether the variable's values must never be shown: the endpoint always masks them.
	 * A sensitive variable can be neither {@link #logged()} nor {@link #observed()}.
	 * <p>
	 * Read it with {@link io.github.contextvars.ContextVar#get()} rather than as a
	 * parameter: Spring MVC prints the arguments of a method that it cannot call.
	 * @return whether to mask values always
	 */
	boolean sensitive() default false;

	/**
	 * Whether the variable's value is added to each log event of a thread where it is
	 * set, as an entry of the MDC under the variable's name. Entries that the application
	 * has put there take precedence. Works with Logback and Log4j2.
	 * @return whether to add values to log events
	 */
	boolean logged() default false;

	/**
	 * Whether the variable's value is added as a high-cardinality key value to each
	 * observation that is stopped in a context where it is set. It appears in traces, not
	 * as a tag of metrics. While a recording of Flight Recorder runs, it is also a field
	 * of the events of units of work.
	 * @return whether to add values to observations and events
	 */
	boolean observed() default false;

	/**
	 * Name of the header in which the variable's value crosses processes, such as
	 * {@code X-Tenant}. It is sent and received only if {@code contextvars.remote} names
	 * the variable. A sensitive variable has none.
	 * @return the name of the header, or an empty text
	 */
	String header() default "";

}
