package io.github.contextvars.spring.boot.autoconfigure;

import java.util.List;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Import;
import org.springframework.core.type.AnnotatedTypeMetadata;

import io.github.contextvars.spring.threadlocal.ContextThreadLocalConfiguration;

/**
 * {@link AutoConfiguration Auto-configuration} for {@link ThreadLocal}s of other
 * libraries that propagate with contexts, if {@code contextvars.thread-locals} names any.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@Conditional(ContextVarsThreadLocalAutoConfiguration.OnThreadLocals.class)
@Import(ContextThreadLocalConfiguration.class)
public final class ContextVarsThreadLocalAutoConfiguration {

	@Bean
	ContextThreadLocalConfiguration.Settings contextVarsThreadLocalSettings(ContextVarsProperties properties) {
		return new ContextThreadLocalConfiguration.Settings(properties.getThreadLocals());
	}

	/**
	 * Condition that the property is not empty.
	 */
	static final class OnThreadLocals extends SpringBootCondition {

		private static final String PROPERTY = "contextvars.thread-locals";

		@Override
		public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
			List<String> names = Binder.get(context.getEnvironment())
				.bind(PROPERTY, Bindable.listOf(String.class))
				.orElse(List.of());
			return names.isEmpty() ? ConditionOutcome.noMatch(ConditionMessage.of(PROPERTY + " is empty"))
					: ConditionOutcome.match(ConditionMessage.of(PROPERTY + " names " + names));
		}

	}

}
