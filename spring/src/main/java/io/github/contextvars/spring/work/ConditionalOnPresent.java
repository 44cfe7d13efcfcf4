package io.github.contextvars.spring.work;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.context.annotation.Conditional;

/**
 * {@link Conditional @Conditional} that matches if the classes of an optional library are
 * present. They are looked for by their names, and none is initialized. It is what Spring
 * Boot's {@code @ConditionalOnClass} is, without Spring Boot.
 * <p>
 * Internal: public for the other packages of the library only.
 *
 * @since 0.1.0
 */
@Target({ ElementType.TYPE, ElementType.METHOD })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Conditional(PresenceCondition.class)
public @interface ConditionalOnPresent {

	/**
	 * Return the names of the classes.
	 * @return the names, all of which must be present
	 */
	String[] value();

}
