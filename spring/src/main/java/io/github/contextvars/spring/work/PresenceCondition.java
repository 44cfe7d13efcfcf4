package io.github.contextvars.spring.work;

import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.type.AnnotatedTypeMetadata;
import org.springframework.util.ClassUtils;

/**
 * {@link Condition} that the classes of an optional library are present. They are looked
 * for by their names, and none is initialized.
 * <p>
 * Internal: public for the other packages of the library only.
 *
 * @since 0.1.0
 */
public abstract class PresenceCondition implements Condition {

	private final String[] classNames;

	/**
	 * Create a condition.
	 * @param classNames the names of classes that must all be present
	 */
	protected PresenceCondition(String... classNames) {
		this.classNames = classNames;
	}

	@Override
	public final boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
		for (String className : this.classNames) {
			if (!ClassUtils.isPresent(className, context.getClassLoader())) {
				return false;
			}
		}
		return true;
	}

}
