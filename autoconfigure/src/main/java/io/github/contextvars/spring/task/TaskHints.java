package io.github.contextvars.spring.task;

import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;

import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.aot.hint.TypeReference;
import org.springframework.core.task.support.CompositeTaskDecorator;
import org.springframework.scheduling.config.TaskSchedulerRouter;
import org.springframework.util.ClassUtils;

/**
 * Lets a native image read the decorators of Spring's executors, know the annotations of
 * listeners, and make the proxies of executors whose class only the running application
 * knows.
 */
final class TaskHints implements RuntimeHintsRegistrar {

	@Override
	public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
		ExecutorDecorators.DECORATABLE.forEach((type) -> registerField(hints, type, "taskDecorator"));
		registerField(hints, CompositeTaskDecorator.class, "taskDecorators");
		ListenerAdvisor.ANNOTATIONS.stream()
			.flatMap(List::stream)
			.forEach((name) -> hints.reflection().registerTypeIfPresent(classLoader, name));
		registerProxy(hints, Executor.class);
		registerProxy(hints, ExecutorService.class);
		registerProxy(hints, ScheduledExecutorService.class);
		registerProxy(hints, ScheduledExecutorService.class, ExecutorService.class);
		registerProxy(hints, ClassUtils.getAllInterfacesForClass(TaskSchedulerRouter.class));
	}

	private static void registerField(RuntimeHints hints, Class<?> type, String field) {
		hints.reflection().registerType(TypeReference.of(type), (hint) -> hint.withField(field));
	}

	private static void registerProxy(RuntimeHints hints, Class<?>... interfaces) {
		hints.proxies().registerJdkProxy(AopProxyUtils.completeJdkProxyInterfaces(interfaces));
	}

}
