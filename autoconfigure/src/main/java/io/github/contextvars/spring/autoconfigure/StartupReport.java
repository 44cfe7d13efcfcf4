package io.github.contextvars.spring.autoconfigure;

import java.util.ArrayList;
import java.util.List;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.web.servlet.AbstractFilterRegistrationBean;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextRefreshedEvent;
import org.springframework.core.Ordered;
import org.springframework.scheduling.config.TaskManagementConfigUtils;
import org.springframework.util.ClassUtils;

import io.github.contextvars.spring.declare.ContextVariables;
import io.github.contextvars.spring.scoped.ContextScopedAdvisor;
import io.github.contextvars.spring.task.AsyncPostProcessor;
import io.github.contextvars.spring.task.ExecutorCoverage;
import io.github.contextvars.spring.task.ListenerAdvisor;
import io.github.contextvars.spring.web.ContextFilter;

/**
 * Says in one line of the log which variables there are, and what runs in contexts.
 */
final class StartupReport implements ApplicationListener<ContextRefreshedEvent>, Ordered {

	private static final Log logger = LogFactory.getLog(StartupReport.class);

	private final ApplicationContext context;

	private final ContextVariables variables;

	private final ObjectProvider<ExecutorCoverage> executors;

	StartupReport(ApplicationContext context, ContextVariables variables, ObjectProvider<ExecutorCoverage> executors) {
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
		if (hasClass("jakarta.servlet.Filter") && hasClass("org.springframework.web.filter.OncePerRequestFilter")
				&& Requests.areFiltered(this.context)) {
			paths.add("requests");
		}
		if (hasBean(AsyncPostProcessor.class)
				&& this.context.containsLocalBean(TaskManagementConfigUtils.ASYNC_ANNOTATION_PROCESSOR_BEAN_NAME)) {
			paths.add("@Async methods");
		}
		if (this.context.containsLocalBean("contextSchedulingConfigurer")
				&& this.context.containsLocalBean(TaskManagementConfigUtils.SCHEDULED_ANNOTATION_PROCESSOR_BEAN_NAME)) {
			paths.add("@Scheduled methods");
		}
		if (this.context.getBeanProvider(ListenerAdvisor.class).stream().anyMatch(ListenerAdvisor::hasListeners)) {
			paths.add("message listeners");
		}
		if (hasBean(ContextScopedAdvisor.class)) {
			paths.add("@ContextScoped methods");
		}
		addExecutors(paths, this.executors.getIfAvailable(ExecutorCoverage::new).list());
		return paths;
	}

	// Others may be created later: the endpoint lists those, too.
	private static void addExecutors(List<String> paths, List<ExecutorCoverage.Entry> made) {
		List<String> left = made.stream()
			.filter((entry) -> !entry.propagates())
			.map(ExecutorCoverage.Entry::bean)
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

		static boolean areFiltered(ApplicationContext context) {
			for (AbstractFilterRegistrationBean<?> registration : context
				.getBeansOfType(AbstractFilterRegistrationBean.class)
				.values()) {
				if (registration.isEnabled() && registration.getFilter() instanceof ContextFilter) {
					return true;
				}
			}
			return context.getBeanNamesForType(ContextFilter.class, true, false).length > 0;
		}

	}

}
