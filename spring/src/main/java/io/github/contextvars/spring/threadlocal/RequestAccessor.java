package io.github.contextvars.spring.threadlocal;

import java.util.Objects;

import org.jspecify.annotations.Nullable;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestAttributesThreadLocalAccessor;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.RequestContextListener;
import org.springframework.web.context.request.ServletRequestAttributes;

/**
 * Accessor of {@link RequestContextHolder}. Other threads get the Framework's snapshot of
 * the request's attributes, which can be read after the request has ended. The request's
 * own thread gets back what it had, as Spring destroys the request's beans through that.
 *
 * @see RequestAttributesThreadLocalAccessor
 */
final class RequestAccessor extends CopyingAccessor<RequestAttributes> {

	private static final String ATTRIBUTES_OF_LISTENER = RequestContextListener.class.getName() + ".REQUEST_ATTRIBUTES";

	private final RequestAttributesThreadLocalAccessor snapshots = new RequestAttributesThreadLocalAccessor();

	RequestAccessor() {
		super(RequestAttributesThreadLocalAccessor.KEY);
	}

	// Return whether a RequestContextListener, which the container calls before all
	// filters, has prepared the calling thread for the request that begins.
	static boolean isSetByListener() {
		try {
			return RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes attributes
					&& attributes.getRequest().getAttribute(ATTRIBUTES_OF_LISTENER) == attributes;
		}
		catch (IllegalStateException ex) {
			return false; // of a request that has ended
		}
	}

	@Override
	@Nullable RequestAttributes get() {
		return RequestContextHolder.getRequestAttributes();
	}

	// The Framework's accessor takes the snapshot of the calling thread's attributes.
	@Override
	RequestAttributes copy(RequestAttributes value) {
		return Objects.requireNonNull(this.snapshots.getValue());
	}

	@Override
	void set(RequestAttributes value) {
		RequestContextHolder.setRequestAttributes(value);
	}

	@Override
	void remove() {
		RequestContextHolder.resetRequestAttributes();
	}

}
