package io.github.contextvars.spring.task;

import java.util.Set;
import java.util.concurrent.Executor;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.support.ClassHintUtils;
import org.springframework.beans.factory.aot.BeanRegistrationAotContribution;
import org.springframework.beans.factory.aot.BeanRegistrationAotProcessor;
import org.springframework.beans.factory.support.RegisteredBean;
import org.springframework.scheduling.TaskScheduler;

/**
 * {@link BeanRegistrationAotProcessor} that generates the classes of the executors'
 * proxies ahead of time, as a native image cannot generate them.
 */
final class ExecutorProxyHints implements BeanRegistrationAotProcessor {

	@Override
	public @Nullable BeanRegistrationAotContribution processAheadOfTime(RegisteredBean bean) {
		Class<?> type = bean.getBeanClass();
		if (!(Executor.class.isAssignableFrom(type) || TaskScheduler.class.isAssignableFrom(type))
				|| ExecutorDecorators.isDecorated(type)) {
			return null;
		}
		ExecutorProxyFactory proxies = new ExecutorProxyFactory(bean.getBeanFactory().getBeanClassLoader(),
				new TaskSubmissionInterceptor(
						bean.getBeanFactory().getBeanProvider(ContextTaskDecorator.class)::getObject));
		// Behind an interface there may be one of the JDK's pools.
		Set<Class<?>> targets = type.isInterface() ? ExecutorProxyFactory.EXTENSIBLE_TYPES.keySet() : Set.of(type);
		return (generation, code) -> targets
			.forEach((target) -> register(generation.getRuntimeHints(), proxies.proxyClass(target)));
	}

	private static void register(RuntimeHints hints, @Nullable Class<?> proxy) {
		if (proxy == null) {
			return;
		}
		ClassHintUtils.registerProxyIfNecessary(proxy, hints);
		for (Class<?> type = proxy.getSuperclass(); ExecutorProxyFactory.isOwn(type); type = type.getSuperclass()) {
			Stream.of(type.getDeclaredFields()).forEach(hints.reflection()::registerField);
		}
	}

}
