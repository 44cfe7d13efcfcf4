package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Import;

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
	static final class OnThreadLocals extends OnListProperty {

		OnThreadLocals() {
			super("contextvars.thread-locals");
		}

	}

}
