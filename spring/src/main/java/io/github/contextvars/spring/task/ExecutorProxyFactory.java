package io.github.contextvars.spring.task;

import java.lang.annotation.Annotation;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.springframework.aop.TargetSource;
import org.springframework.aop.framework.Advised;
import org.springframework.aop.framework.AopConfigException;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.aop.support.AopUtils;
import org.springframework.context.event.EventListener;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.annotation.Schedules;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/**
 * Factory of proxies of executors that can be injected as what the executors were
 * declared as: a subclass of the executor's class if there can be one, else its
 * interfaces.
 */
final class ExecutorProxyFactory {

	/**
	 * The JDK's pools, each with a class of this package that can be extended instead.
	 */
	static final Map<Class<?>, Class<?>> EXTENSIBLE_TYPES = Map.of(ThreadPoolExecutor.class,
			ExtensibleThreadPoolExecutor.class, ScheduledThreadPoolExecutor.class,
			ExtensibleScheduledThreadPoolExecutor.class, ForkJoinPool.class, ExtensibleForkJoinPool.class);

	private static final List<Class<? extends Annotation>> CALLED_BY_SPRING = List.of(EventListener.class,
			Scheduled.class, Schedules.class);

	private final @Nullable ClassLoader classLoader;

	private final TaskSubmissionInterceptor interceptor;

	ExecutorProxyFactory(@Nullable ClassLoader classLoader, TaskSubmissionInterceptor interceptor) {
		this.classLoader = classLoader;
		this.interceptor = interceptor;
	}

	@Nullable Object proxy(Object target, Class<?> declaredType) {
		if (target instanceof Advised advised && !advised.isFrozen()) {
			advised.addAdvice(0, this.interceptor);
			return target;
		}
		Object proxy = isExtensible(target.getClass()) ? subclassProxy(target) : null;
		if (proxy == null && declaredType.isInterface()
				&& ownMethods(target.getClass()).noneMatch(ExecutorProxyFactory::isCalledBySpring)) {
			proxy = interfaceProxy(target);
		}
		return declaredType.isInstance(proxy) ? proxy : null; // not if it is sealed
	}

	Object interfaceProxy(Object target) {
		ProxyFactory factory = new ProxyFactory(ClassUtils.getAllInterfaces(target));
		factory.setTarget(target);
		factory.addAdvice(this.interceptor);
		return factory.getProxy(this.classLoader);
	}

	/**
	 * Make the class of the proxies of a type, if they would be subclasses.
	 * @param type the executor's class
	 * @return the class, or {@code null} if there can be none
	 */
	@Nullable Class<?> proxyClass(Class<?> type) {
		try {
			return isExtensible(type) ? subclassing(new ExtensibleTarget(type, null)).getProxyClass(this.classLoader)
					: null;
		}
		catch (AopConfigException | LinkageError ex) {
			return null; // of a bean that is never created, as its library is absent
		}
	}

	private @Nullable Object subclassProxy(Object target) {
		try {
			Object proxy = subclassing(new ExtensibleTarget(target.getClass(), target)).getProxy(this.classLoader);
			copyFields(target, proxy);
			return proxy;
		}
		catch (AopConfigException ex) {
			return null;
		}
	}

	private ProxyFactory subclassing(ExtensibleTarget target) {
		ProxyFactory factory = new ProxyFactory();
		factory.setTargetSource(target);
		factory.setProxyTargetClass(true);
		factory.addAdvice(this.interceptor);
		return factory;
	}

	private static boolean isExtensible(Class<?> type) {
		return !Modifier.isFinal(type.getModifiers()) && !Modifier.isPrivate(type.getModifiers())
				&& (Modifier.isPublic(type.getModifiers()) || !type.getName().startsWith("java."))
				&& ownMethods(type).noneMatch(ExecutorProxyFactory::isObstacle);
	}

	private static Stream<Method> ownMethods(Class<?> type) {
		List<Method> methods = new ArrayList<>();
		for (Class<?> one = type; one != null && isCopied(one); one = one.getSuperclass()) {
			methods.addAll(List.of(one.getDeclaredMethods()));
		}
		return methods.stream();
	}

	// A final method runs on the proxy itself: it decorates nothing, and changes
	// nothing that the target sees.
	private static boolean isObstacle(Method method) {
		int modifiers = method.getModifiers();
		if (Modifier.isPrivate(modifiers)) {
			return isCalledBySpring(method);
		}
		return Modifier.isFinal(modifiers) && !Modifier.isStatic(modifiers) && !Modifier.isProtected(modifiers)
				&& (TaskSubmissionInterceptor.isSubmission(method) || isChanging(method.getDeclaringClass()));
	}

	// Spring's own classes keep to copies of their fields.
	private static boolean isChanging(Class<?> type) {
		return !type.getName().startsWith("org.springframework.") && Arrays.stream(type.getDeclaredFields())
			.anyMatch((field) -> !Modifier.isStatic(field.getModifiers()) && !Modifier.isFinal(field.getModifiers()));
	}

	// Spring refuses to call such a method where the bean's proxy does not have it.
	private static boolean isCalledBySpring(Method method) {
		return CALLED_BY_SPRING.stream().anyMatch((type) -> AnnotatedElementUtils.hasAnnotation(method, type));
	}

	// A final method finds there what the target's constructor had set.
	private static void copyFields(Object target, Object proxy) {
		if (!AopUtils.isCglibProxy(proxy)) {
			return;
		}
		ReflectionUtils.doWithFields(target.getClass(), (field) -> copy(field, target, proxy),
				(field) -> !Modifier.isStatic(field.getModifiers()) && isCopied(field.getDeclaringClass()));
	}

	static boolean isCopied(Class<?> declaringClass) {
		return !declaringClass.getName().startsWith("java.");
	}

	private static void copy(Field field, Object target, Object proxy) throws IllegalAccessException {
		if (field.trySetAccessible()) {
			field.set(proxy, field.get(target));
		}
	}

	/**
	 * A target that proxies can be made of. No class can be generated beside the JDK's
	 * own, but beside one of this package that extends them.
	 *
	 * @param type the executor's class
	 * @param target the executor
	 */
	private record ExtensibleTarget(Class<?> type, @Nullable Object target) implements TargetSource {

		@Override
		public Class<?> getTargetClass() {
			return EXTENSIBLE_TYPES.getOrDefault(this.type, this.type);
		}

		@Override
		public boolean isStatic() {
			return true;
		}

		@Override
		public @Nullable Object getTarget() {
			return this.target;
		}

	}

	// These constructors are never called: proxies are created without.

	static class ExtensibleThreadPoolExecutor extends ThreadPoolExecutor {

		ExtensibleThreadPoolExecutor() {
			super(0, 1, 0, TimeUnit.SECONDS, new SynchronousQueue<>());
		}

	}

	static class ExtensibleScheduledThreadPoolExecutor extends ScheduledThreadPoolExecutor {

		ExtensibleScheduledThreadPoolExecutor() {
			super(0);
		}

	}

	static class ExtensibleForkJoinPool extends ForkJoinPool {

	}

}
