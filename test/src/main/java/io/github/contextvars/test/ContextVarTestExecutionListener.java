package io.github.contextvars.test;

import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import org.springframework.core.Ordered;
import org.springframework.test.context.TestContext;
import org.springframework.test.context.TestExecutionListener;
import org.springframework.util.ClassUtils;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.registry.VariableConversion;

/**
 * {@link TestExecutionListener} that begins the context of a test before Spring's own
 * listeners, so that {@code @Sql} scripts and transactions see its values. It finds the
 * variables of the application. Spring's test framework loads it by its name.
 *
 * @since 0.1.0
 */
public final class ContextVarTestExecutionListener implements TestExecutionListener, Ordered {

	private static final boolean JUNIT = isPresent("org.junit.jupiter.api.extension.ExtendWith");

	private static final boolean REGISTRY = isPresent("io.github.contextvars.spring.registry.ContextVariableRegistry");

	private static boolean isPresent(String type) {
		return ClassUtils.isPresent(type, ContextVarTestExecutionListener.class.getClassLoader());
	}

	@Override
	public int getOrder() {
		return 500;
	}

	@Override
	public void beforeTestMethod(TestContext testContext) {
		if (JUNIT && (TestScope.current() != null
				|| AnnotatedValues.isPresent(testContext.getTestClass(), testContext.getTestMethod()))) {
			TestScope scope = TestScope.begin(this);
			try {
				scope.resolve(AnnotatedValues.of(testContext.getTestClass(), testContext.getTestMethod(),
						REGISTRY ? new OfApplication(testContext) : null));
			}
			catch (RuntimeException ex) {
				TestScope.end(this);
				throw ex;
			}
		}
	}

	@Override
	public void afterTestMethod(TestContext testContext) {
		TestScope.end(this);
	}

	private record OfApplication(TestContext testContext) implements AnnotatedValues.Variables {

		@Override
		public boolean put(WithContextVar annotation, Map<ContextVar<?>, @Nullable Object> values) {
			ContextVariableRegistry registry = registry();
			ContextVariableRegistry.Declaration declaration = (registry != null) ? registry.find(annotation.name())
					: null;
			if (declaration == null) {
				return false;
			}
			values.put(declaration.variable(),
					new VariableConversion(this.testContext.getApplicationContext().getAutowireCapableBeanFactory())
						.convert(annotation.value(), declaration));
			return true;
		}

		@Override
		public List<String> names() {
			ContextVariableRegistry registry = registry();
			return (registry != null) ? registry.names() : List.of();
		}

		private @Nullable ContextVariableRegistry registry() {
			return this.testContext.getApplicationContext()
				.getBeanProvider(ContextVariableRegistry.class)
				.getIfAvailable();
		}

	}

}
