package io.github.contextvars.test;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Runs each test as {@link WithContext} does, with a value of a context variable. What a
 * method says comes before what its class says, and a {@code @Nested} class before the
 * one around it.
 * <p>
 * The variable is looked for by its name: in the classes of {@link #declaredIn()}; in the
 * test class, what it extends and what is around it; and among the declared variables of
 * the test's Spring application. The text is converted to the type of the variable. For
 * other values, use {@link ContextVarExtension#with}.
 *
 * @since 0.1.0
 */
@Target({ ElementType.TYPE, ElementType.METHOD })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@Repeatable(WithContextVar.List.class)
@ExtendWith(ContextVarExtension.class)
public @interface WithContextVar {

	/**
	 * The name of the variable.
	 * @return the name
	 */
	String name();

	/**
	 * The value, as a text.
	 * @return the text
	 */
	String value();

	/**
	 * Classes with a static field that holds the variable.
	 * @return the classes; empty to look around
	 */
	Class<?>[] declaredIn() default {};

	/**
	 * Several values.
	 */
	@Target({ ElementType.TYPE, ElementType.METHOD })
	@Retention(RetentionPolicy.RUNTIME)
	@Documented
	@Inherited
	@ExtendWith(ContextVarExtension.class)
	@interface List {

		/**
		 * The values.
		 * @return the values
		 */
		WithContextVar[] value();

	}

}
