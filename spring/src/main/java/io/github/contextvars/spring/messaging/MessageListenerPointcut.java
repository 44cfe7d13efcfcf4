package io.github.contextvars.spring.messaging;

import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;
import org.springframework.aop.support.StaticMethodMatcherPointcut;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.util.ClassUtils;

import io.github.contextvars.spring.registry.BeanTypes;
import io.github.contextvars.spring.registry.CachingAnnotationClassFilter;
import io.github.contextvars.spring.work.PropagationSource;

/**
 * {@link org.springframework.aop.Pointcut} that matches message listener methods: of
 * Kafka, Rabbit and JMS, by the names of their annotations, so that none of the
 * frameworks needs to be present. Reports the listeners that it was asked about.
 */
final class MessageListenerPointcut extends StaticMethodMatcherPointcut implements PropagationSource {

	private static final Log logger = LogFactory.getLog(MessageListenerPointcut.class);

	/**
	 * Names of annotations, by framework.
	 */
	static final List<List<String>> ANNOTATIONS = List.of(
			List.of("org.springframework.amqp.rabbit.annotation.RabbitListener",
					"org.springframework.amqp.rabbit.annotation.RabbitListeners",
					"org.springframework.amqp.rabbit.annotation.RabbitHandler"),
			List.of("org.springframework.jms.annotation.JmsListener",
					"org.springframework.jms.annotation.JmsListeners"));

	private final boolean proxyTargetClass;

	private final List<Class<? extends Annotation>> annotations = present();

	private final Map<String, Entry> entries = new ConcurrentSkipListMap<>();

	/**
	 * Create a pointcut.
	 * @param proxyTargetClass whether proxies extend the beans' classes
	 */
	MessageListenerPointcut(boolean proxyTargetClass) {
		this.proxyTargetClass = proxyTargetClass;
		setClassFilter(new CachingAnnotationClassFilter(this.annotations));
	}

	/**
	 * List the listeners among the beans that were created so far.
	 */
	@Override
	public Stream<Entry> entries() {
		return List.copyOf(this.entries.values()).stream();
	}

	@Override
	public boolean matches(Method method, Class<?> targetClass) {
		Method specific = AopUtils.getMostSpecificMethod(method, targetClass);
		if (this.annotations.stream()
			.noneMatch((annotation) -> AnnotatedElementUtils.hasAnnotation(specific, annotation))) {
			return false;
		}
		String name = ClassUtils.getShortName(ClassUtils.getUserClass(targetClass)) + "." + specific.getName();
		String obstacle = obstacle(targetClass);
		Entry entry = (obstacle != null)
				? Entry.notPropagating(name, "listener", targetClass,
						targetClass.getName() + " cannot be proxied, as it has " + obstacle,
						"Move the listener to a class without, or run its body in new Context().run(...).")
				: Entry.propagating(name, "listener", targetClass, "proxy");
		if (this.entries.put(specific.toGenericString(), entry) == null && obstacle != null) {
			logger.warn("Listener method " + specific + " does not get a context for each message: " + entry.reason()
					+ ". " + entry.remedy());
		}
		return obstacle == null;
	}

	private @Nullable String obstacle(Class<?> targetClass) {
		String obstacle = BeanTypes.obstacleToProxying(ClassUtils.getUserClass(targetClass));
		if (obstacle == null && !this.proxyTargetClass && targetClass.getInterfaces().length > 0) {
			return "interfaces, and 'spring.aop.proxy-target-class' is false";
		}
		return obstacle;
	}

	private static List<Class<? extends Annotation>> present() {
		List<Class<? extends Annotation>> present = new ArrayList<>();
		ANNOTATIONS.forEach((framework) -> addIfPresent(framework, present));
		return present;
	}

	// Looking for what is absent takes longest: once for each framework.
	private static void addIfPresent(List<String> framework, List<Class<? extends Annotation>> present) {
		try {
			for (String name : framework) {
				present
					.add(Class.forName(name, false, ClassUtils.getDefaultClassLoader()).asSubclass(Annotation.class));
			}
		}
		catch (ClassNotFoundException | LinkageError ex) {
			// That framework is absent.
		}
	}

}
