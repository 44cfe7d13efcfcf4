package io.github.contextvars.test;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Runs each test in a fresh {@link io.github.contextvars.Context}, from before its
 * {@code @BeforeEach} methods until after its {@code @AfterEach} methods, and fails a
 * test that leaves a context entered. With Spring's test framework, also before
 * {@code @Sql} scripts and transactions.
 * <p>
 * On a class it is for all its tests, those of {@code @Nested} classes included. It works
 * without Spring.
 *
 * @since 0.1.0
 * @see WithContextVar
 */
@Target({ ElementType.TYPE, ElementType.METHOD })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@ExtendWith(ContextVarExtension.class)
public @interface WithContext {

}
