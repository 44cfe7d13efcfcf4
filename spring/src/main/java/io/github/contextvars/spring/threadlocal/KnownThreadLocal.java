package io.github.contextvars.spring.threadlocal;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

import io.micrometer.context.ThreadLocalAccessor;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import org.jspecify.annotations.Nullable;
import org.springframework.util.ClassUtils;

/**
 * {@link ThreadLocal}s that have short names.
 */
enum KnownThreadLocal {

	SECURITY("org.springframework.security.core.context.SecurityContext", "Spring Security",
			"org.springframework.security.core.context.SecurityContextHolder") {

		@Override
		ThreadLocalAccessor<?> createAccessor() {
			return new SecurityContextAccessor();
		}

	},

	MDC("cp.slf4j", "SLF4J", "org.slf4j.MDC") {

		@Override
		ThreadLocalAccessor<?> createAccessor() {
			return new MdcAccessor();
		}

	},

	LOCALE("org.springframework.context.i18n.LocaleContextThreadLocalAccessor.KEY", "Spring Framework 6.2 or later",
			"org.springframework.context.i18n.LocaleContextThreadLocalAccessor") {

		@Override
		ThreadLocalAccessor<?> createAccessor() {
			return new LocaleAccessor();
		}

	},

	OBSERVATION("micrometer.observation", "Micrometer Observation",
			"io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor") {

		@Override
		ThreadLocalAccessor<?> createAccessor() {
			ThreadLocalAccessor<?> registered = RegisteredAccessors.find(key());
			return (registered != null) ? registered : ObservationThreadLocalAccessor.getInstance();
		}

	},

	REQUEST("org.springframework.web.context.request.RequestAttributesThreadLocalAccessor.KEY",
			"Spring Web 6.2 or later with the Servlet API, whose snapshot outlives the request",
			"org.springframework.web.context.request.RequestAttributesThreadLocalAccessor",
			"jakarta.servlet.ServletRequest") {

		@Override
		ThreadLocalAccessor<?> createAccessor() {
			return new RequestAccessor();
		}

	};

	private final String key;

	private final String library;

	@SuppressWarnings("ImmutableEnumChecker") // nothing writes into it
	private final String[] classNames;

	KnownThreadLocal(String key, String library, String... classNames) {
		this.key = key;
		this.library = library;
		this.classNames = classNames;
	}

	// Find what is named, in any case.
	static @Nullable KnownThreadLocal find(String name) {
		for (KnownThreadLocal known : values()) {
			if (known.name().equalsIgnoreCase(name)) {
				return known;
			}
		}
		return null;
	}

	// List the short names.
	static String names() {
		return Arrays.stream(values()).map(KnownThreadLocal::toString).collect(Collectors.joining(", "));
	}

	// Return the key of the accessor.
	String key() {
		return this.key;
	}

	// Return what has to be on the class path.
	String library() {
		return this.library;
	}

	boolean isPresent() {
		for (String className : this.classNames) {
			if (!ClassUtils.isPresent(className, getClass().getClassLoader())) {
				return false;
			}
		}
		return true;
	}

	// Create the accessor, if the library is present.
	abstract ThreadLocalAccessor<?> createAccessor();

	@Override
	public String toString() {
		return name().toLowerCase(Locale.ROOT);
	}

}
