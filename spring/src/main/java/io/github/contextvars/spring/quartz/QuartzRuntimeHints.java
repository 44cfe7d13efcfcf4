package io.github.contextvars.spring.quartz;

import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.aot.hint.TypeReference;
import org.springframework.util.ClassUtils;

/**
 * {@link RuntimeHintsRegistrar} for the thread pool that Quartz creates by its name, and
 * the fields of Quartz and of Spring's support for it that are read.
 */
final class QuartzRuntimeHints implements RuntimeHintsRegistrar {

	private static final String THREAD_POOL = "org.quartz.simpl.SimpleThreadPool";

	@Override
	public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
		if (ClassUtils.isPresent(THREAD_POOL, classLoader)) {
			hints.reflection()
				.registerType(TypeReference.of(ContextThreadPool.class), MemberCategory.INVOKE_DECLARED_CONSTRUCTORS,
						MemberCategory.INVOKE_PUBLIC_METHODS)
				.registerType(TypeReference.of(THREAD_POOL), MemberCategory.INVOKE_PUBLIC_METHODS)
				.registerTypeIfPresent(classLoader, "org.quartz.core.JobRunShell",
						(hint) -> hint.withField(FiringTask.BUNDLE))
				.registerTypeIfPresent(classLoader, "org.springframework.scheduling.quartz.SchedulerFactoryBean",
						(hint) -> QuartzContextBeanPostProcessor.FIELDS.forEach(hint::withField));
		}
	}

}
