package io.github.contextvars.spring.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.aot.hint.annotation.Reflective;

/**
 * Runs a method of a bean in a copy of its caller's context: what the method sets is gone
 * when it returns.
 * <p>
 * On a type it applies to the public methods, on an interface or a superclass to those of
 * what implements it; it may be used as a meta-annotation. An annotation on the method
 * goes before one on the type. It works as Spring AOP does: for calls that come through
 * the bean's proxy. Exceptions pass as they are.
 * <p>
 * Where the method returns a {@code CompletionStage}, a {@code Callable}, a
 * {@code DeferredResult}, a {@code Mono} or a {@code Flux}, the scope holds until that is
 * done. Where the annotation would do nothing, as on a {@code final} or {@code private}
 * method, or could not hold, as for a bare {@code Future}, the application does not
 * start.
 * <p>
 * With {@code @Async} on the same method the scope is around the method's body, on the
 * worker. With {@code @Transactional} the scope is around the transaction.
 */
@Target({ ElementType.METHOD, ElementType.TYPE })
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@Documented
@Reflective(ContextScopedReflectiveProcessor.class)
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
