package io.github.contextvars.spring.web.servlet;

import java.io.IOException;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import org.jspecify.annotations.Nullable;

/**
 * {@link HttpServletResponseWrapper} whose output stream calls its listener in a copy of
 * the request's context.
 */
final class ContextPropagatingResponseWrapper extends HttpServletResponseWrapper {

	private final ContextPropagatingRequestWrapper request;

	private @Nullable ContextPropagatingOutputStream output;

	/**
	 * Create a wrapper.
	 * @param response the response to wrap
	 * @param request runs callbacks
	 */
	ContextPropagatingResponseWrapper(HttpServletResponse response, ContextPropagatingRequestWrapper request) {
		super(response);
		this.request = request;
	}

	// Asks each time: the container refuses if there is a writer.
	@Override
	public ServletOutputStream getOutputStream() throws IOException {
		ServletOutputStream stream = super.getOutputStream();
		if (this.output == null || !this.output.wraps(stream)) {
			this.output = new ContextPropagatingOutputStream(stream, this.request);
		}
		return this.output;
	}

}
