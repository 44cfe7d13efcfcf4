package io.github.contextvars.spring.messaging;

import java.lang.annotation.Annotation;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

import org.aopalliance.aop.Advice;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.Pointcut;
import org.springframework.aop.PointcutAdvisor;
import org.springframework.aop.support.AopUtils;
import org.springframework.aop.support.StaticMethodMatcherPointcut;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.util.ClassUtils;

import io.github.contextvars.Context;
import io.github.contextvars.spring.registry.CachingAnnotationClassFilter;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Gives each message of a listener a fresh context. Listeners are known by the names of
 * their annotations, so that none of the frameworks needs to be there.
 */
public final class MessageListenerContextAdvisor implements PointcutAdvisor, Ordered {

	private static final Log logger = LogFactory.getLog(MessageListenerContextAdvisor.class);

	/**
	 * Names of annotations, by framework.
	 */
	static final List<List<String>> ANNOTATIONS = List.of(List.of("org.springframework.kafka.annotation.KafkaListener",
			"org.springframework.kafka.annotation.KafkaListeners", "org.springframework.kafka.annotation.KafkaHandler"),
			List.of("org.springframework.amqp.rabbit.annotation.RabbitListener",
					"org.springframework.amqp.rabbit.annotation.RabbitListeners",
					"org.springframework.amqp.rabbit.annotation.RabbitHandler"),
			List.of("org.springframework.jms.annotation.JmsListener",
					"org.springframework.jms.annotation.JmsListeners"));

	private final ListenerMethods pointcut;

	private final Advice advice = (MethodInterceptor) this::invoke;

	private final Supplier<WorkRegistry> liveContexts;

	/**
	 * Create an advisor.
	 * @param liveContexts what enters the contexts; asked for at the first call, as
	 * advisors are created before most beans
	 * @param proxyTargetClass whether proxies extend the beans' classes
	 */
	public MessageListenerContextAdvisor(Supplier<WorkRegistry> liveContexts, boolean proxyTargetClass) {
		this.liveContexts = liveContexts;
		this.pointcut = new ListenerMethods(proxyTargetClass);
	}

	/**
	 * Tell whether there is a listener, among the beans that were created so far, whose
	 * messages get contexts.
	 * @return whether a listener was found
	 */
	public boolean hasListeners() {
		return this.pointcut.found;
	}

	@Override
	public int getOrder() {
		return HIGHEST_PRECEDENCE;
	}

	@Override
	public Pointcut getPointcut() {
		return this.pointcut;
	}

	@Override
	public Advice getAdvice() {
		return this.advice;
	}

	@SuppressWarnings("NullAway") // JDK 17 drops nullable type arguments
	private @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
		Method method = invocation.getMethod();
		WorkRegistry live = this.liveContexts.get();
		UnitOfWork work = live.begin(UnitOfWork.Kind.LISTENER,
				() -> method.getDeclaringClass().getSimpleName() + "." + method.getName(), null, new Context());
		return live.<@Nullable Object, Throwable>call(work, invocation::proceed);
	}

	private static final class ListenerMethods extends StaticMethodMatcherPointcut {

		private final boolean proxyTargetClass;

		private final List<Class<? extends Annotation>> annotations = present();

		private final Set<Class<?>> warned = ConcurrentHashMap.newKeySet();

		private volatile boolean found;

		private ListenerMethods(boolean proxyTargetClass) {
			this.proxyTargetClass = proxyTargetClass;
			setClassFilter(new CachingAnnotationClassFilter(this.annotations));
		}

		@Override
		public boolean matches(Method method, Class<?> targetClass) {
			Method specific = AopUtils.getMostSpecificMethod(method, targetClass);
			if (this.annotations.stream()
				.noneMatch((annotation) -> AnnotatedElementUtils.hasAnnotation(specific, annotation))
					|| !isSafe(specific, targetClass)) {
				return false;
			}
			this.found = true;
			return true;
		}

		private boolean isSafe(Method method, Class<?> targetClass) {
			String obstacle = obstacle(targetClass);
			if (obstacle != null && this.warned.add(targetClass)) {
				logger.warn("Listener method " + method + " does not get a context for each message: a proxy of "
						+ targetClass.getName() + " could break it, as it has " + obstacle
						+ ". Move the listener to a class without, or run its body in new Context().run(...).");
			}
			return obstacle == null;
		}

		// A proxy does not run private and final methods on the bean, nor has it its
		// fields.
		private @Nullable String obstacle(Class<?> targetClass) {
			if (Modifier.isFinal(targetClass.getModifiers())) {
				return "the modifier final";
			}
			if (!this.proxyTargetClass && targetClass.getInterfaces().length > 0) {
				return "interfaces, and 'spring.aop.proxy-target-class' is false";
			}
			for (Class<?> type = targetClass; type != null && type != Object.class; type = type.getSuperclass()) {
				for (Method method : type.getDeclaredMethods()) {
					int modifiers = method.getModifiers();
					if (Modifier.isPrivate(modifiers) && method.getAnnotations().length > 0) {
						return "the private annotated method " + method.getName();
					}
					if (Modifier.isFinal(modifiers) && !Modifier.isPrivate(modifiers)
							&& !Modifier.isStatic(modifiers)) {
						return "the final method " + method.getName();
					}
				}
				for (Field field : type.getDeclaredFields()) {
					if (Modifier.isPublic(field.getModifiers()) && !Modifier.isStatic(field.getModifiers())) {
						return "the public field " + field.getName();
					}
				}
			}
			return null;
		}

		private static List<Class<? extends Annotation>> present() {
			List<Class<? extends Annotation>> present = new ArrayList<>();
			ANNOTATIONS.forEach((framework) -> addIfPresent(framework, present));
			return present;
		}

		// To look for what is not there takes longest: once for each framework.
		private static void addIfPresent(List<String> framework, List<Class<? extends Annotation>> present) {
			try {
				for (String name : framework) {
					present.add(Class.forName(name, false, ClassUtils.getDefaultClassLoader())
						.asSubclass(Annotation.class));
				}
			}
			catch (ClassNotFoundException | LinkageError ex) {
				// That framework is not there.
			}
		}

	}

}
