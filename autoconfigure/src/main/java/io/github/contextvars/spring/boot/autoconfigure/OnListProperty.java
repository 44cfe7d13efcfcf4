package io.github.contextvars.spring.boot.autoconfigure;

import java.util.List;

import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * {@link org.springframework.context.annotation.Condition} that one of several
 * properties, each a list, is not empty.
 */
abstract class OnListProperty extends SpringBootCondition {

	private final List<String> properties;

	OnListProperty(String... properties) {
		this.properties = List.of(properties);
	}

	@Override
	public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
		for (String property : this.properties) {
			List<String> names = Binder.get(context.getEnvironment())
				.bind(property, Bindable.listOf(String.class))
				.orElse(List.of());
			if (!names.isEmpty()) {
				return ConditionOutcome.match(ConditionMessage.of(property + " names " + names));
			}
		}
		return ConditionOutcome.noMatch(ConditionMessage.of(String.join(" and ", this.properties) + " are empty"));
	}

}
