package io.github.contextvars.spring.boot.startup;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextRefreshedEvent;
import org.springframework.core.Ordered;

import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.work.PropagationSource;

/**
 * {@link ApplicationListener} that logs one line on startup: which variables are
 * declared, and what propagates. It creates no bean of the application, and what fails is
 * left out.
 */
final class ContextVarsStartupLogger implements ApplicationListener<ContextRefreshedEvent>, Ordered {

	// What has one entry, whose name says it all.
	private static final Set<String> NAMED = Set.of("async", "reactor", "request", "scheduled", "scoped");

	private static final Log logger = LogFactory.getLog(ContextVarsStartupLogger.class);

	private final ApplicationContext applicationContext;

	private final ContextVariableRegistry variables;

	private final ObjectProvider<PropagationSource> propagation;

	ContextVarsStartupLogger(ApplicationContext applicationContext, ContextVariableRegistry variables,
			ObjectProvider<PropagationSource> propagation) {
		this.applicationContext = applicationContext;
		this.variables = variables;
		this.propagation = propagation;
	}

	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE;
	}

	// Events of child contexts, such as that of a management port, come here, too.
	@Override
	public void onApplicationEvent(ContextRefreshedEvent event) {
		if (event.getApplicationContext() == this.applicationContext && logger.isInfoEnabled()) {
			logger.info("Context variables: " + orNone(this.variables.names()) + "; propagated to: "
					+ orNone(summary(entries())));
		}
	}

	private List<PropagationSource.Entry> entries() {
		List<PropagationSource.Entry> entries = new ArrayList<>();
		this.propagation.stream().forEach((source) -> {
			try {
				source.entries().forEach(entries::add);
			}
			catch (Exception | LinkageError ex) {
				logger.debug("Left out of the report of what propagates", ex);
			}
		});
		return entries;
	}

	// More may be created later: the endpoint lists these, too.
	private static List<String> summary(List<PropagationSource.Entry> entries) {
		Map<String, List<PropagationSource.Entry>> counted = new LinkedHashMap<>();
		List<String> summary = new ArrayList<>();
		for (PropagationSource.Entry entry : entries) {
			if (entry.propagates() && NAMED.contains(entry.category())) {
				summary.add(entry.name());
			}
			else {
				counted.computeIfAbsent(entry.category(), (category) -> new ArrayList<>()).add(entry);
			}
		}
		counted.forEach((category, all) -> summary.add(count(category, all)));
		return summary;
	}

	private static String count(String category, List<PropagationSource.Entry> entries) {
		List<String> others = entries.stream()
			.filter((entry) -> !entry.propagates())
			.map(PropagationSource.Entry::name)
			.toList();
		String label = entries.size() + " " + category + ((entries.size() != 1) ? "s" : "");
		return others.isEmpty() ? label
				: (entries.size() - others.size()) + " of " + label + " (not " + String.join(", ", others) + ")";
	}

	private static String orNone(List<String> items) {
		return items.isEmpty() ? "none" : String.join(", ", items);
	}

}
