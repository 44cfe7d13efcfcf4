package io.github.contextvars.spring.task;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
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
import org.springframework.core.annotation.MergedAnnotations;

import io.github.contextvars.Context;
import io.github.contextvars.spring.live.LiveContext;
import io.github.contextvars.spring.live.LiveContexts;

/**
 * Gives each message of a listener a fresh context. Listeners are known by the names of
 * their annotations, so that none of the frameworks needs to be there.
 */
public final class ListenerAdvisor implements PointcutAdvisor, Ordered {

	private static final Log logger = LogFactory.getLog(ListenerAdvisor.class);

	private static final Set<String> ANNOTATIONS = Set.of("org.springframework.kafka.annotation.KafkaListener",
			"org.springframework.kafka.annotation.KafkaListeners", "org.springframework.kafka.annotation.KafkaHandler",
			"org.springframework.amqp.rabbit.annotation.RabbitListener",
			"org.springframework.amqp.rabbit.annotation.RabbitListeners",
			"org.springframework.amqp.rabbit.annotation.RabbitHandler",
			"org.springframework.jms.annotation.JmsListener", "org.springframework.jms.annotation.JmsListeners");

	private final Pointcut pointcut = new ListenerMethods();

	private final Advice advice = (MethodInterceptor) this::invoke;

	private final Supplier<LiveContexts> liveContexts;

	/**
	 * Create an advisor.
	 * @param liveContexts what enters the contexts; asked for at the first call, as
	 * advisors are created before most beans
	 */
	public ListenerAdvisor(Supplier<LiveContexts> liveContexts) {
		this.liveContexts = liveContexts;
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

	@SuppressWarnings("NullAway") // the compiler of JDK 17 doesn't know of nullable type
									// arguments
	private @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
		Method method = invocation.getMethod();
		LiveContexts live = this.liveContexts.get();
		LiveContext work = live.begin(LiveContext.Kind.LISTENER,
				() -> method.getDeclaringClass().getSimpleName() + "." + method.getName(), null, new Context());
		return live.<@Nullable Object, Throwable>call(work, invocation::proceed);
	}

	private static final class ListenerMethods extends StaticMethodMatcherPointcut {

		private final Set<Method> warned = ConcurrentHashMap.newKeySet();

		@Override
		public boolean matches(Method method, Class<?> targetClass) {
			Method specific = AopUtils.getMostSpecificMethod(method, targetClass);
			MergedAnnotations annotations = MergedAnnotations.from(specific,
					MergedAnnotations.SearchStrategy.TYPE_HIERARCHY);
			return ANNOTATIONS.stream().anyMatch(annotations::isPresent) && isInvocable(specific, targetClass);
		}

		// A proxy around these would stop the application from starting, or lead nowhere.
		private boolean isInvocable(Method method, Class<?> targetClass) {
			int modifiers = method.getModifiers();
			if (!Modifier.isPrivate(modifiers) && !Modifier.isFinal(modifiers) && !Modifier.isStatic(modifiers)
					&& !Modifier.isFinal(targetClass.getModifiers())) {
				return true;
			}
			if (this.warned.add(method)) {
				logger.warn("Listener method " + method + " does not get a context for each message: it cannot be"
						+ " proxied. Make neither the method private, final or static, nor its class final.");
			}
			return false;
		}

	}

}
