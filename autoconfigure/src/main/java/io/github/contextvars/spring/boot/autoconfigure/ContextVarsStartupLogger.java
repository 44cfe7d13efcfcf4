package io.github.contextvars.spring.boot.autoconfigure;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.event.ContextRefreshedEvent;
import org.springframework.core.Ordered;
import org.springframework.scheduling.config.TaskManagementConfigUtils;
import org.springframework.util.ClassUtils;

import io.github.contextvars.spring.messaging.MessageListenerContextAdvisor;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.scoped.ContextScopedAdvisor;
import io.github.contextvars.spring.task.ContextAsyncBeanPostProcessor;
import io.github.contextvars.spring.task.ExecutorPropagationReport;
import io.github.contextvars.spring.web.servlet.ContextFilter;

/**
 * Says in one line of the log which variables there are, and what runs in contexts. It
 * creates no bean of the application and stops none: what fails is left out.
 */
final class ContextVarsStartupLogger implements ApplicationListener<ContextRefreshedEvent>, Ordered {

	private static final Log logger = LogFactory.getLog(ContextVarsStartupLogger.class);

	private final ConfigurableApplicationContext context;

	private final ContextVariableRegistry variables;

	private final ObjectProvider<ExecutorPropagationReport> executors;

	ContextVarsStartupLogger(ConfigurableApplicationContext context, ContextVariableRegistry variables,
			ObjectProvider<ExecutorPropagationReport> executors) {
		this.context = context;
		this.variables = variables;
		this.executors = executors;
	}

	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE;
	}

	// Events of child contexts, such as that of a management port, come here, too.
	@Override
	public void onApplicationEvent(ContextRefreshedEvent event) {
		if (event.getApplicationContext() == this.context && logger.isInfoEnabled()) {
			logger.info("Context variables declared: " + orNone(this.variables.names()) + "; contexts are given to: "
					+ orNone(paths()));
		}
	}

	private List<String> paths() {
		List<String> paths = new ArrayList<>();
		addIf(paths, "requests",
				() -> hasClass("jakarta.servlet.Filter")
						&& hasClass("org.springframework.web.filter.OncePerRequestFilter")
						&& Requests.areFiltered(this.context));
		addIf(paths, "@Async methods", () -> hasBean(ContextAsyncBeanPostProcessor.class)
				&& this.context.containsLocalBean(TaskManagementConfigUtils.ASYNC_ANNOTATION_PROCESSOR_BEAN_NAME));
		addIf(paths, "@Scheduled methods", () -> this.context.containsLocalBean("contextSchedulingConfigurer")
				&& this.context.containsLocalBean(TaskManagementConfigUtils.SCHEDULED_ANNOTATION_PROCESSOR_BEAN_NAME));
		addIf(paths, "message listeners",
				() -> this.context.getBeanProvider(MessageListenerContextAdvisor.class)
					.stream()
					.anyMatch(MessageListenerContextAdvisor::hasListeners));
		addIf(paths, "@ContextScoped methods", () -> hasBean(ContextScopedAdvisor.class));
		attempt(() -> addExecutors(paths, this.executors.getIfAvailable(ExecutorPropagationReport::new).list()));
		return paths;
	}

	private static void addIf(List<String> paths, String path, BooleanSupplier condition) {
		attempt(() -> {
			if (condition.getAsBoolean()) {
				paths.add(path);
			}
		});
	}

	private static void attempt(Runnable part) {
		try {
			part.run();
		}
		catch (Exception | LinkageError ex) {
			logger.debug("Left out of the report", ex);
		}
	}

	// Others may be created later: the endpoint lists those, too.
	private static void addExecutors(List<String> paths, List<ExecutorPropagationReport.Entry> made) {
		List<String> left = made.stream()
			.filter((entry) -> !entry.propagates())
			.map(ExecutorPropagationReport.Entry::bean)
			.toList();
		if (left.size() < made.size()) {
			paths.add("executors and schedulers created so far (" + (made.size() - left.size()) + " of " + made.size()
					+ (left.isEmpty() ? "" : ", not " + String.join(", ", left)) + ")");
		}
	}

	private boolean hasBean(Class<?> type) {
		return this.context.getBeanNamesForType(type, true, false).length > 0;
	}

	private boolean hasClass(String name) {
		return ClassUtils.isPresent(name, this.context.getClassLoader());
	}

	private static String orNone(List<String> items) {
		return items.isEmpty() ? "none" : String.join(", ", items);
	}

	private static final class Requests {

		static boolean areFiltered(ConfigurableApplicationContext context) {
			for (String name : context.getBeanNamesForType(FilterRegistrationBean.class, false, false)) {
				if (context.getBeanFactory().getSingleton(name) instanceof FilterRegistrationBean<?> registration
						&& registration.isEnabled() && registration.getFilter() instanceof ContextFilter) {
					return true;
				}
			}
			return context.getBeanNamesForType(ContextFilter.class, true, false).length > 0;
		}

	}

}
