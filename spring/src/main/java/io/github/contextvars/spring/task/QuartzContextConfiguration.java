package io.github.contextvars.spring.task;

import java.util.List;

import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.aot.hint.TypeReference;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.ImportRuntimeHints;

import io.github.contextvars.spring.work.PresenceCondition;

/**
 * {@link Configuration @Configuration} for Quartz.
 */
@Configuration(proxyBeanMethods = false)
@Conditional(QuartzContextConfiguration.QuartzIsPresent.class)
@ImportRuntimeHints(QuartzContextConfiguration.Hints.class)
final class QuartzContextConfiguration {

	@Bean
	static QuartzContextBeanPostProcessor contextVarsQuartzBeanPostProcessor() {
		return new QuartzContextBeanPostProcessor();
	}

	/**
	 * Condition that Quartz and Spring's support for it are present.
	 */
	static final class QuartzIsPresent extends PresenceCondition {

		QuartzIsPresent() {
			super("org.springframework.scheduling.quartz.SchedulerFactoryBean", "org.quartz.simpl.SimpleThreadPool");
		}

	}

	/**
	 * Hints for native images: the fields of the factory, and the pool that Quartz
	 * creates by its name and configures by its setters.
	 */
	static final class Hints implements RuntimeHintsRegistrar {

		@Override
		public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
			hints.reflection()
				.registerTypeIfPresent(classLoader, "org.springframework.scheduling.quartz.SchedulerFactoryBean",
						MemberCategory.ACCESS_DECLARED_FIELDS)
				.registerTypes(
						List.of(TypeReference.of("io.github.contextvars.spring.task.ContextThreadPool"),
								TypeReference.of("org.quartz.simpl.SimpleThreadPool")),
						(hint) -> hint.withMembers(MemberCategory.INVOKE_PUBLIC_CONSTRUCTORS,
								MemberCategory.INVOKE_PUBLIC_METHODS));
		}

	}

}
