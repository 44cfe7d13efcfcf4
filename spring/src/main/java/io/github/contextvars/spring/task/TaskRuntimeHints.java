package io.github.contextvars.spring.task;

import java.lang.reflect.Method;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;

import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.aop.interceptor.AsyncExecutionAspectSupport;
import org.springframework.aot.hint.ExecutableMode;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.aot.hint.TypeReference;
import org.springframework.context.event.SimpleApplicationEventMulticaster;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.support.CompositeTaskDecorator;
import org.springframework.scheduling.config.TaskSchedulerRouter;
import org.springframework.scheduling.support.DelegatingErrorHandlingRunnable;
import org.springframework.util.ClassUtils;

/**
 * {@link RuntimeHintsRegistrar} for the decorator fields of Spring's executors, the
 * handler of exceptions of {@code @Async} methods, the executor of an event multicaster,
 * and the proxies of executors whose class is known at run time only.
 */
final class TaskRuntimeHints implements RuntimeHintsRegistrar {

	@Override
	public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
		ExecutorDecorators.DECORATABLE.forEach((type) -> registerField(hints, type, "taskDecorator"));
		registerField(hints, CompositeTaskDecorator.class, "taskDecorators");
		registerField(hints, DelegatingErrorHandlingRunnable.class, ContextTaskDecorator.ERROR_HANDLER_DELEGATE);
		registerField(hints, SimpleAsyncTaskExecutor.class, ExecutorProxyFactory.THREAD_FACTORY);
		registerField(hints, AsyncExecutionAspectSupport.class, ContextAsyncBeanPostProcessor.EXCEPTION_HANDLER);
		hints.reflection()
			.registerType(AsyncExecutionAspectSupport.class,
					(hint) -> hint.withMethod(ContextAsyncInterceptor.EXECUTOR_OF_METHOD,
							TypeReference.listOf(Method.class), ExecutableMode.INVOKE))
			.registerType(SimpleApplicationEventMulticaster.class,
					(hint) -> hint.withMethod(ContextEventMulticasterBeanPostProcessor.EXECUTOR_GETTER, List.of(),
							ExecutableMode.INVOKE));
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
