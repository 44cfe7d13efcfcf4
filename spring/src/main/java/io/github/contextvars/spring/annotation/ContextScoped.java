package io.github.contextvars.spring.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Annotation that runs a method of a bean in a copy of its caller's context: what the
 * method sets is gone when it returns.
 * <p>
 * On a type it applies to the public methods, on an interface or a superclass to those of
 * what implements it. It can be used as a meta-annotation. An annotation on the method
 * takes precedence over one on the type. As always with Spring AOP, it applies to calls
 * that come through the bean's proxy. Exceptions are propagated unchanged.
 * <p>
 * If the method returns a {@code CompletionStage}, a {@code Callable}, a
 * {@code DeferredResult}, a {@code Mono} or a {@code Flux}, the scope holds until that
 * completes. The application fails on startup where the annotation would do nothing, as
 * on a {@code final} or {@code private} method, or where the scope could not hold, as for
 * a plain {@code Future}.
 * <p>
 * With {@code @Async} on the same method the scope is around the method's body, on the
 * worker. With {@code @Transactional} the scope is around the transaction. A Hibernate
 * session that is open already, as with open-in-view, keeps the tenant that it was opened
 * with.
 *
 * @since 0.1.0
 * @see ContextSetting
 * @see io.github.contextvars.Context#copyOfCurrent()
 */
@Target({ ElementType.METHOD, ElementType.TYPE })
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@Documented
public @interface ContextScoped {

	/**
	 * Whether the method runs in an empty context instead of a copy.
	 * @return whether the context is empty
	 */
	boolean fresh() default false;

	/**
	 * What to set in the scope before the method runs.
	 * @return the settings, in order
	 */
	ContextSetting[] set() default {};

}
