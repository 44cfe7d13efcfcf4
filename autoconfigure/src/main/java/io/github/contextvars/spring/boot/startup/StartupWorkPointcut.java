package io.github.contextvars.spring.boot.startup;

import java.lang.reflect.Method;
import java.util.Arrays;

import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.StaticMethodMatcherPointcut;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.core.ResolvableType;
import org.springframework.util.ClassUtils;

import io.github.contextvars.spring.registry.BeanTypes;

/**
 * {@link org.springframework.aop.Pointcut} that matches the methods of runners, and of
 * listeners of the {@link ApplicationReadyEvent} that implement
 * {@link ApplicationListener}.
 */
final class StartupWorkPointcut extends StaticMethodMatcherPointcut {

	private final boolean proxyTargetClass;

	/**
	 * Create a pointcut.
	 * @param proxyTargetClass whether proxies extend the beans' classes
	 */
	StartupWorkPointcut(boolean proxyTargetClass) {
		this.proxyTargetClass = proxyTargetClass;
		setClassFilter((type) -> isStartupWork(type) && obstacle(type) == null);
	}

	static boolean isStartupWork(Class<?> type) {
		return isRunner(type) || isReadyListener(type);
	}

	static boolean isRunner(Class<?> type) {
		return ApplicationRunner.class.isAssignableFrom(type) || CommandLineRunner.class.isAssignableFrom(type);
	}

	// The event type of a lambda is not known here: the advice looks at the event.
	private static boolean isReadyListener(Class<?> type) {
		if (!ApplicationListener.class.isAssignableFrom(type)) {
			return false;
		}
		return ClassUtils.isLambdaClass(type) || ResolvableType.forClass(type)
			.as(ApplicationListener.class)
			.getGeneric()
			.toClass() == ApplicationReadyEvent.class;
	}

	/**
	 * Return why a bean cannot be proxied.
	 * @param type the bean's class
	 * @return the reason, or {@code null} if it can be proxied
	 */
	@Nullable String obstacle(Class<?> type) {
		// Lambdas are proxied by their interfaces.
		if (ClassUtils.isLambdaClass(type)) {
			return null;
		}
		return this.proxyTargetClass ? BeanTypes.obstacleToProxying(ClassUtils.getUserClass(type))
				: "an interface, and 'spring.aop.proxy-target-class' is false";
	}

	@Override
	public boolean matches(Method method, Class<?> targetClass) {
		return switch (method.getName()) {
			case "run" -> isRunner(targetClass)
					&& (Arrays.equals(method.getParameterTypes(), new Class<?>[] { ApplicationArguments.class })
							|| Arrays.equals(method.getParameterTypes(), new Class<?>[] { String[].class }));
			case "onApplicationEvent" -> method.getParameterCount() == 1 && isReadyListener(targetClass);
			default -> false;
		};
	}

}
