package io.github.contextvars.spring.boot.startup;

import java.util.stream.Stream;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextRefreshedEvent;
import org.springframework.util.ClassUtils;

/**
 * {@link ApplicationListener} that warns where Hibernate asks for the tenant before a
 * controller can set it: open-in-view opens the session when the request begins, and a
 * session keeps its tenant.
 */
final class OpenInViewTenantCheck implements ApplicationListener<ContextRefreshedEvent> {

	/**
	 * The name of Hibernate's interface.
	 */
	static final String RESOLVER = "org.hibernate.context.spi.CurrentTenantIdentifierResolver";

	/**
	 * The name of the interceptor that Boot registers.
	 */
	static final String INTERCEPTOR = "org.springframework.orm.jpa.support.OpenEntityManagerInViewInterceptor";

	private static final Log logger = LogFactory.getLog(OpenInViewTenantCheck.class);

	private final ApplicationContext applicationContext;

	/**
	 * Create a check.
	 * @param applicationContext the context to look at, once it is refreshed
	 */
	OpenInViewTenantCheck(ApplicationContext applicationContext) {
		this.applicationContext = applicationContext;
	}

	// Events of child contexts come here, too.
	@Override
	public void onApplicationEvent(ContextRefreshedEvent event) {
		if (event.getApplicationContext() == this.applicationContext && names(INTERCEPTOR).findAny().isPresent()) {
			names(RESOLVER).findFirst()
				.ifPresent((resolver) -> logger.warn("Open-in-view opens Hibernate's session, which asks '" + resolver
						+ "' for the tenant, when a request begins. A tenant that is set later in the request, such as"
						+ " by @ContextScoped, reads and writes the rows of the first one. Set"
						+ " spring.jpa.open-in-view=false, or set the tenant in a filter only."));
		}
	}

	private Stream<String> names(String className) {
		Class<?> type = ClassUtils.resolveClassName(className, this.applicationContext.getClassLoader());
		return Stream.of(this.applicationContext.getBeanNamesForType(type, false, false));
	}

}
