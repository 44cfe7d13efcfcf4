package io.github.contextvars.spring.testing;

import jakarta.servlet.Filter;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.core.PriorityOrdered;

/**
 * {@link FilterRegistrationBean} of a filter that is outside of the library's: among
 * those with the same priority, the application's come first.
 *
 * @param <T> the type of the filter
 */
public final class OutermostFilterRegistration<T extends Filter> extends FilterRegistrationBean<T>
		implements PriorityOrdered {

	/**
	 * Create a registration.
	 * @param filter the filter
	 */
	public OutermostFilterRegistration(T filter) {
		super(filter);
		setOrder(HIGHEST_PRECEDENCE);
	}

}
