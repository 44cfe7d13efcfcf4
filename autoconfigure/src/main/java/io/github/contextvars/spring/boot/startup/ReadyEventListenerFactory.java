package io.github.contextvars.spring.boot.startup;

import java.lang.reflect.Method;
import java.util.function.Supplier;

import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.context.event.SpringApplicationEvent;
import org.springframework.context.ApplicationEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ApplicationListenerMethodAdapter;
import org.springframework.context.event.EventListener;
import org.springframework.context.event.EventListenerFactory;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.util.ClassUtils;

import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link EventListenerFactory} for {@link EventListener @EventListener} methods of the
 * {@link ApplicationReadyEvent}: each call runs in a fresh context.
 *
 * @see org.springframework.context.event.DefaultEventListenerFactory
 */
// Before the default factory, behind those for special listeners such as transactional
// ones.
final class ReadyEventListenerFactory implements EventListenerFactory, Ordered {

	private final Supplier<WorkRegistry> workRegistry;

	/**
	 * Create a factory.
	 * @param workRegistry enters the contexts; asked for at the first event
	 */
	ReadyEventListenerFactory(Supplier<WorkRegistry> workRegistry) {
		this.workRegistry = workRegistry;
	}

	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE - 1;
	}

	@Override
	public boolean supportsMethod(Method method) {
		EventListener annotation = AnnotatedElementUtils.findMergedAnnotation(method, EventListener.class);
		if (annotation == null) {
			return false;
		}
		for (Class<?> type : annotation.classes()) {
			if (isReadyEvent(type)) {
				return true;
			}
		}
		return method.getParameterCount() == 1 && isReadyEvent(method.getParameterTypes()[0]);
	}

	private static boolean isReadyEvent(Class<?> type) {
		return SpringApplicationEvent.class.isAssignableFrom(type)
				&& type.isAssignableFrom(ApplicationReadyEvent.class);
	}

	@Override
	public ApplicationListener<?> createApplicationListener(String beanName, Class<?> type, Method method) {
		return new ReadyEventListener(beanName, type, method, this.workRegistry);
	}

	private static final class ReadyEventListener extends ApplicationListenerMethodAdapter {

		private final String origin;

		private final Supplier<WorkRegistry> workRegistry;

		ReadyEventListener(String beanName, Class<?> type, Method method, Supplier<WorkRegistry> workRegistry) {
			super(beanName, type, method);
			this.origin = ClassUtils.getUserClass(type).getSimpleName() + "." + method.getName();
			this.workRegistry = workRegistry;
		}

		@Override
		public void onApplicationEvent(ApplicationEvent event) {
			if (event instanceof ApplicationReadyEvent) {
				WorkRegistry registry = this.workRegistry.get();
				registry.run(registry.create(UnitOfWork.Kind.RUNNER, () -> this.origin),
						() -> super.onApplicationEvent(event));
			}
			else {
				super.onApplicationEvent(event);
			}
		}

	}

}
