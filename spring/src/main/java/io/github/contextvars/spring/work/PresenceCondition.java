package io.github.contextvars.spring.work;

import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.annotation.MergedAnnotation;
import org.springframework.core.type.AnnotatedTypeMetadata;
import org.springframework.util.ClassUtils;

/**
 * {@link Condition} of {@link ConditionalOnPresent}.
 */
final class PresenceCondition implements Condition {

	@Override
	public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
		for (String className : metadata.getAnnotations()
			.get(ConditionalOnPresent.class)
			.getStringArray(MergedAnnotation.VALUE)) {
			if (!ClassUtils.isPresent(className, context.getClassLoader())) {
				return false;
			}
		}
		return true;
	}

}
