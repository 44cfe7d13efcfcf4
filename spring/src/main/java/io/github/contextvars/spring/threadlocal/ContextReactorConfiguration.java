package io.github.contextvars.spring.threadlocal;

import java.util.List;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.util.ClassUtils;
import reactor.core.publisher.Hooks;

import io.github.contextvars.spring.work.ConditionalOnPresent;
import io.github.contextvars.spring.work.PropagationSource;

/**
 * {@link Configuration @Configuration} that reports whether Reactor's operators
 * propagate, where Reactor is present, and with them suspending functions of Kotlin. They
 * do in its automatic mode, through the {@link ContextThreadLocalAccessor}; behind
 * publishers with several subscribers, through a hook.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnPresent("reactor.core.publisher.Hooks")
public final class ContextReactorConfiguration {

	private static final String ACCESSOR = "io.micrometer.context.ThreadLocalAccessor";

	// In Spring Boot 4 and in Spring Boot 3.5.
	private static final List<String> BOOT = List.of(
			"org.springframework.boot.reactor.autoconfigure.ReactorAutoConfiguration",
			"org.springframework.boot.autoconfigure.reactor.ReactorAutoConfiguration");

	private static final String COROUTINES = "kotlinx.coroutines.reactor.MonoKt";

	@Bean
	static PropagationSource contextVarsReactorPropagation(ConfigurableBeanFactory beanFactory) {
		ClassLoader classLoader = beanFactory.getBeanClassLoader();
		return () -> {
			PropagationSource.Entry operators = entry("Reactor operators", "reactor", classLoader);
			// Spring adds an element to the coroutine of a suspending function in the
			// same mode.
			return ClassUtils.isPresent(COROUTINES, classLoader)
					? Stream.of(operators, entry("Suspending functions", "coroutines", classLoader))
					: Stream.of(operators);
		};
	}

	@Bean
	@ImportRuntimeHints(SharedPublishers.Hints.class)
	static SharedPublishers contextVarsSharedPublishers() {
		return new SharedPublishers();
	}

	private static PropagationSource.Entry entry(String name, String category, @Nullable ClassLoader classLoader) {
		if (!ClassUtils.isPresent(ACCESSOR, classLoader)) {
			return PropagationSource.Entry.notPropagating(name, category, Hooks.class,
					"io.micrometer:context-propagation is not on the class path",
					"Add it, and set spring.reactor.context-propagation=auto.");
		}
		if (Hooks.isAutomaticContextPropagationEnabled()) {
			return PropagationSource.Entry.propagating(name, category, Hooks.class, "thread-local accessor");
		}
		return PropagationSource.Entry.notPropagating(name, category, Hooks.class,
				"Reactor's automatic context propagation is off",
				BOOT.stream().anyMatch((type) -> ClassUtils.isPresent(type, classLoader))
						? "Set spring.reactor.context-propagation=auto."
						: "Call Hooks.enableAutomaticContextPropagation() before the application starts, or add"
								+ " spring-boot-reactor and set spring.reactor.context-propagation=auto.");
	}

}
