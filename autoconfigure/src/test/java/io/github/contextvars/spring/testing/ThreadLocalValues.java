package io.github.contextvars.spring.testing;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;

import io.micrometer.observation.NullObservation;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.ObservationView;
import org.slf4j.MDC;
import org.springframework.context.i18n.LocaleContextHolder;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;

/**
 * The {@link ThreadLocal}s of other libraries, as a thread has them: one user in each.
 */
public final class ThreadLocalValues {

	/**
	 * The names of the property, in the order in which values are read.
	 */
	public static final List<String> NAMES = List.of("security", "mdc", "locale", "observation", "request");

	/**
	 * The registry of all observations.
	 */
	public static final ObservationRegistry OBSERVATIONS = ObservationRegistry.create();

	private static final ThreadLocal<Deque<Observation.Scope>> SCOPES = ThreadLocal.withInitial(ArrayDeque::new);

	static {
		// Without a handler, observations are replaced by one that does nothing.
		OBSERVATIONS.observationConfig().observationHandler(new ObservationHandler<>() {

			@Override
			public boolean supportsContext(Observation.Context context) {
				return true;
			}

		});
	}

	private ThreadLocalValues() {
	}

	/**
	 * Set all five for the calling thread.
	 * @param user the value
	 */
	public static void set(String user) {
		SecurityContext security = SecurityContextHolder.createEmptyContext();
		security.setAuthentication(new TestingAuthenticationToken(user, ""));
		SecurityContextHolder.setContext(security);
		MDC.put("user", user);
		LocaleContextHolder.setLocale(Locale.forLanguageTag("und-x-" + user));
		SCOPES.get().push(Observation.start("unit " + user, OBSERVATIONS).openScope());
		RequestAttributes attributes = RequestContextHolder.getRequestAttributes();
		if (attributes == null) {
			attributes = new ServletRequestAttributes(new MockHttpServletRequest());
			RequestContextHolder.setRequestAttributes(attributes);
		}
		attributes.setAttribute("user", user, RequestAttributes.SCOPE_REQUEST);
	}

	/**
	 * Remove what was set last from the calling thread, apart from a request that others
	 * have set.
	 */
	public static void clear() {
		SecurityContextHolder.clearContext();
		MDC.remove("user");
		LocaleContextHolder.resetLocaleContext();
		SCOPES.get().pop().close();
		if (RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes attributes
				&& attributes.getRequest() instanceof MockHttpServletRequest) {
			RequestContextHolder.resetRequestAttributes();
		}
	}

	/**
	 * Run a task while the calling thread has all five.
	 * @param user the value
	 * @param task the task
	 * @throws Exception if the task fails
	 */
	public static void runAs(String user, Task task) throws Exception {
		set(user);
		try {
			task.run();
		}
		finally {
			clear();
		}
	}

	/**
	 * Read what the calling thread has.
	 * @return for each of {@link #NAMES} a user, or {@code -} if there is none; an
	 * observation that a framework has begun is {@code own}, with its parent's user
	 */
	public static List<String> read() {
		Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
		RequestAttributes request = RequestContextHolder.getRequestAttributes();
		String locale = (LocaleContextHolder.getLocaleContext() != null)
				? LocaleContextHolder.getLocale().getExtension('x') : null;
		return List.of(text((authentication != null) ? authentication.getName() : null), text(MDC.get("user")),
				text(locale), observation(OBSERVATIONS.getCurrentObservation()),
				text((request != null) ? request.getAttribute("user", RequestAttributes.SCOPE_REQUEST) : null));
	}

	private static String observation(Observation observation) {
		if (observation == null || observation instanceof NullObservation) {
			return "-";
		}
		String own = "";
		for (ObservationView one = observation; one != null; one = one.getContextView().getParentObservation()) {
			String name = String.valueOf(one.getContextView().getName());
			if (name.startsWith("unit ")) {
				return own + name.substring(5);
			}
			own = "own ";
		}
		return own.trim();
	}

	private static String text(Object value) {
		return (value != null) ? value.toString() : "-";
	}

	/**
	 * Task that may fail.
	 */
	@FunctionalInterface
	public interface Task {

		void run() throws Exception;

	}

}
