package io.github.contextvars.spring.threadlocal;

import org.jspecify.annotations.Nullable;
import org.springframework.context.i18n.LocaleContext;
import org.springframework.context.i18n.LocaleContextHolder;
import org.springframework.context.i18n.LocaleContextThreadLocalAccessor;
import org.springframework.context.i18n.SimpleLocaleContext;
import org.springframework.context.i18n.SimpleTimeZoneAwareLocaleContext;
import org.springframework.context.i18n.TimeZoneAwareLocaleContext;

/**
 * Accessor of {@link LocaleContextHolder}. Captures the locale and the time zone: the
 * context that Spring MVC sets asks the request each time, which may have ended.
 */
final class LocaleAccessor extends CopyingAccessor<LocaleContext> {

	LocaleAccessor() {
		super(LocaleContextThreadLocalAccessor.KEY);
	}

	@Override
	@Nullable LocaleContext get() {
		return LocaleContextHolder.getLocaleContext();
	}

	@Override
	LocaleContext copy(LocaleContext value) {
		return (value instanceof TimeZoneAwareLocaleContext withTimeZone)
				? new SimpleTimeZoneAwareLocaleContext(value.getLocale(), withTimeZone.getTimeZone())
				: new SimpleLocaleContext(value.getLocale());
	}

	@Override
	void set(LocaleContext value) {
		LocaleContextHolder.setLocaleContext(value);
	}

	@Override
	void remove() {
		LocaleContextHolder.resetLocaleContext();
	}

}
