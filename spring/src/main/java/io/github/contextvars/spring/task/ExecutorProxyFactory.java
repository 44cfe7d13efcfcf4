package io.github.contextvars.spring.task;

import java.lang.annotation.Annotation;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;

import org.aopalliance.intercept.MethodInterceptor;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.ProxyMethodInvocation;
import org.springframework.aop.TargetSource;
import org.springframework.aop.framework.Advised;
import org.springframework.aop.framework.AopConfigException;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.context.event.EventListener;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.annotation.Schedules;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/**
 * Factory of proxies of executors that can be used wherever the executors themselves can:
 * as the class that they have, or as their interfaces where that class cannot be named.
 * <p>
 * A proxy has no state of its own, so that none of it can be out of date. What it shares
 * with the executor are final fields, and only if there is something to read them: a
 * final method, or other classes.
 */
final class ExecutorProxyFactory {

	/**
	 * The JDK's pools, each with a class of this package that can be extended instead.
	 */
	static final Map<Class<?>, Class<?>> EXTENSIBLE_TYPES = Map.of(ThreadPoolExecutor.class,
			ExtensibleThreadPoolExecutor.class, ScheduledThreadPoolExecutor.class,
			ExtensibleScheduledThreadPoolExecutor.class, ForkJoinPool.class, ExtensibleForkJoinPool.class);

	/**
	 * Field of {@link SimpleAsyncTaskExecutor} that a final method of it returns.
	 */
	static final String THREAD_FACTORY = "threadFactory";

	private static final List<Class<? extends Annotation>> CALLED_BY_SPRING = List.of(EventListener.class,
			Scheduled.class, Schedules.class);

	private final @Nullable ClassLoader classLoader;

	private final TaskSubmissionInterceptor interceptor;

	ExecutorProxyFactory(@Nullable ClassLoader classLoader, TaskSubmissionInterceptor interceptor) {
		this.classLoader = classLoader;
		this.interceptor = interceptor;
	}

	/**
	 * Create a proxy of an executor, if there can be one.
	 * @param target the executor
	 * @param declaredType what its bean is declared as
	 * @param declaringClass the class that declares the bean, if it is known
	 * @return the proxy, or why there is none
	 */
	Result proxy(Object target, Class<?> declaredType, @Nullable Class<?> declaringClass) {
		if (target instanceof Advised advised && !advised.isFrozen()) {
			advised.addAdvice(0, this.interceptor);
			return new Result(target, null);
		}
		String obstacle = obstacle(target.getClass());
		if (obstacle == null) {
			try {
				return new Result(subclassProxy(target), null);
			}
			catch (AopConfigException ex) {
				obstacle = "no class can extend its " + target.getClass();
			}
		}
		if (declaredType.isInterface() && !isCastable(target.getClass(), declaringClass)
				&& ownMethods(target.getClass()).noneMatch(ExecutorProxyFactory::isCalledBySpring)) {
			Object proxy = interfaceProxy(target);
			if (declaredType.isInstance(proxy)) { // not if it is sealed
				return new Result(proxy, null);
			}
		}
		return new Result(null, obstacle);
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
			return (obstacle(type) == null)
					? subclassing(new ExtensibleTarget(type, null)).getProxyClass(this.classLoader) : null;
		}
		catch (AopConfigException | LinkageError ex) {
			return null; // of a bean that is never created, as its library is absent
		}
	}

	private Object subclassProxy(Object target) {
		ProxyFactory factory = subclassing(new ExtensibleTarget(target.getClass(), target));
		if (target instanceof SimpleAsyncTaskExecutor executor) {
			factory.addAdvice((MethodInterceptor) (invocation) -> {
				Object result = invocation.proceed();
				if (invocation.getMethod().getName().equals("setThreadFactory")) {
					shareThreadFactory(executor, ((ProxyMethodInvocation) invocation).getProxy());
				}
				return result;
			});
		}
		Object proxy = factory.getProxy(this.classLoader);
		if (ownMethods(target.getClass()).anyMatch(ExecutorProxyFactory::isFinal)
				|| visibleField(target.getClass(), true) != null) {
			ReflectionUtils.doWithFields(target.getClass(), (field) -> share(field, target, proxy),
					(field) -> isState(field) && Modifier.isFinal(field.getModifiers())
							&& isOwn(field.getDeclaringClass()));
		}
		if (target instanceof SimpleAsyncTaskExecutor executor) {
			shareThreadFactory(executor, proxy);
		}
		return proxy;
	}

	private ProxyFactory subclassing(ExtensibleTarget target) {
		ProxyFactory factory = new ProxyFactory();
		factory.setTargetSource(target);
		factory.setProxyTargetClass(true);
		factory.addAdvice(this.interceptor);
		return factory;
	}

	/**
	 * Return why no subclass of a type can stand for an object of it.
	 * @param type the executor's class
	 * @return the reason, or {@code null} if there is none
	 */
	private static @Nullable String obstacle(Class<?> type) {
		int modifiers = type.getModifiers();
		if (Modifier.isFinal(modifiers) || Modifier.isPrivate(modifiers)
				|| (!Modifier.isPublic(modifiers) && type.getName().startsWith("java."))) {
			return "its " + type + " is " + (Modifier.isFinal(modifiers) ? "final"
					: Modifier.isPrivate(modifiers) ? "private" : "not public");
		}
		Field visible = visibleField(type, false);
		if (visible != null) {
			return "its field '" + visible.getName() + "' is not private";
		}
		Method method = firstOf(type, (one) -> isFinal(one)
				&& (TaskSubmissionInterceptor.isSubmission(one) || !isShared(one.getDeclaringClass())));
		if (method != null) {
			return "its method '" + method.getName() + "' is final";
		}
		Method called = firstOf(type, (one) -> Modifier.isPrivate(one.getModifiers()) && isCalledBySpring(one));
		return (called != null) ? "its method '" + called.getName() + "' is private and called by Spring" : null;
	}

	private static @Nullable Method firstOf(Class<?> type, Predicate<Method> condition) {
		return ownMethods(type).filter(condition).min(Comparator.comparing(Method::getName)).orElse(null);
	}

	private static boolean isFinal(Method method) {
		int modifiers = method.getModifiers();
		return Modifier.isFinal(modifiers) && !Modifier.isStatic(modifiers) && !Modifier.isPrivate(modifiers)
				&& !Modifier.isProtected(modifiers);
	}

	// Whether a final method, which runs on the proxy itself, finds there the state that
	// it needs.
	private static boolean isShared(Class<?> declaringClass) {
		for (Class<?> one = declaringClass; one != Object.class
				&& one != AbstractExecutorService.class; one = one.getSuperclass()) {
			// The one field that its final methods read and that is not final is kept up
			// to date.
			if (one == SimpleAsyncTaskExecutor.class) {
				return true;
			}
			if (!isOwn(one) || Arrays.stream(one.getDeclaredFields())
				.anyMatch((field) -> isState(field) && !Modifier.isFinal(field.getModifiers()))) {
				return false;
			}
		}
		return true;
	}

	// Spring's own classes do not look at each other's fields.
	private static @Nullable Field visibleField(Class<?> type, boolean isFinal) {
		for (Class<?> one = type; isOwn(one); one = one.getSuperclass()) {
			for (Field field : one.getDeclaredFields()) {
				int modifiers = field.getModifiers();
				if (isState(field) && !Modifier.isPrivate(modifiers) && Modifier.isFinal(modifiers) == isFinal
						&& !field.isSynthetic() && !one.getName().startsWith("org.springframework.")) {
					return field;
				}
			}
		}
		return null;
	}

	private static boolean isState(Field field) {
		return !Modifier.isStatic(field.getModifiers());
	}

	private static Stream<Method> ownMethods(Class<?> type) {
		List<Method> methods = new ArrayList<>();
		for (Class<?> one = type; one != null && isOwn(one); one = one.getSuperclass()) {
			methods.addAll(List.of(one.getDeclaredMethods()));
		}
		return methods.stream();
	}

	// Spring refuses to call such a method where the bean's proxy does not have it.
	private static boolean isCalledBySpring(Method method) {
		return CALLED_BY_SPRING.stream().anyMatch((type) -> AnnotatedElementUtils.hasAnnotation(method, type));
	}

	// Whether the application may cast the bean to the class: those of Spring offer
	// nothing beyond their interfaces that a user of the bean needs.
	private static boolean isCastable(Class<?> type, @Nullable Class<?> declaringClass) {
		if (type.isHidden() || type.isAnonymousClass() || type.isLocalClass() || type.isSynthetic()
				|| Proxy.isProxyClass(type) || type.getName().startsWith("org.springframework.")) {
			return false;
		}
		if (declaringClass != null && declaringClass.getPackage() == type.getPackage()) {
			return true;
		}
		for (Class<?> one = type; one != null; one = one.getEnclosingClass()) {
			if (!Modifier.isPublic(one.getModifiers())) {
				return false;
			}
		}
		return true;
	}

	static boolean isOwn(Class<?> declaringClass) {
		return !declaringClass.getName().startsWith("java.");
	}

	private static void shareThreadFactory(SimpleAsyncTaskExecutor target, Object proxy) {
		Field field = ReflectionUtils.findField(SimpleAsyncTaskExecutor.class, THREAD_FACTORY);
		if (field != null) {
			ReflectionUtils.makeAccessible(field);
			ReflectionUtils.setField(field, proxy, target.getThreadFactory());
		}
	}

	private static void share(Field field, Object target, Object proxy) throws IllegalAccessException {
		if (field.trySetAccessible()) {
			field.set(proxy, field.get(target));
		}
	}

	/**
	 * A proxy, or why there is none.
	 *
	 * @param proxy the proxy
	 * @param obstacle the reason
	 */
	record Result(@Nullable Object proxy, @Nullable String obstacle) {

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
