package io.github.contextvars.spring.web.servlet;

import java.io.IOException;
import java.nio.ByteBuffer;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;

/**
 * {@link ServletOutputStream} whose listener is called in a copy of the request's
 * context. Everything else is left to the container's stream.
 */
final class ContextPropagatingOutputStream extends ServletOutputStream {

	private final ServletOutputStream delegate;

	private final ContextPropagatingRequestWrapper request;

	/**
	 * Create a stream.
	 * @param delegate the container's stream
	 * @param request runs callbacks
	 */
	ContextPropagatingOutputStream(ServletOutputStream delegate, ContextPropagatingRequestWrapper request) {
		this.delegate = delegate;
		this.request = request;
	}

	@SuppressWarnings("ReferenceEquality") // it is this very stream
	boolean wraps(ServletOutputStream stream) {
		return this.delegate == stream;
	}

	@Override
	public void setWriteListener(WriteListener listener) {
		this.delegate.setWriteListener((listener != null) ? new ContextPropagatingWriteListener(listener) : null);
	}

	@Override
	public boolean isReady() {
		return this.delegate.isReady();
	}

	@Override
	public void write(int value) throws IOException {
		this.delegate.write(value);
	}

	@Override
	public void write(byte[] bytes) throws IOException {
		this.delegate.write(bytes);
	}

	@Override
	public void write(byte[] bytes, int offset, int length) throws IOException {
		this.delegate.write(bytes, offset, length);
	}

	@Override
	public void write(ByteBuffer buffer) throws IOException {
		this.delegate.write(buffer);
	}

	@Override
	public void print(String value) throws IOException {
		this.delegate.print(value);
	}

	@Override
	public void print(boolean value) throws IOException {
		this.delegate.print(value);
	}

	@Override
	public void print(char value) throws IOException {
		this.delegate.print(value);
	}

	@Override
	public void print(int value) throws IOException {
		this.delegate.print(value);
	}

	@Override
	public void print(long value) throws IOException {
		this.delegate.print(value);
	}

	@Override
	public void print(float value) throws IOException {
		this.delegate.print(value);
	}

	@Override
	public void print(double value) throws IOException {
		this.delegate.print(value);
	}

	@Override
	public void println() throws IOException {
		this.delegate.println();
	}

	@Override
	public void println(String value) throws IOException {
		this.delegate.println(value);
	}

	@Override
	public void println(boolean value) throws IOException {
		this.delegate.println(value);
	}

	@Override
	public void println(char value) throws IOException {
		this.delegate.println(value);
	}

	@Override
	public void println(int value) throws IOException {
		this.delegate.println(value);
	}

	@Override
	public void println(long value) throws IOException {
		this.delegate.println(value);
	}

	@Override
	public void println(float value) throws IOException {
		this.delegate.println(value);
	}

	@Override
	public void println(double value) throws IOException {
		this.delegate.println(value);
	}

	@Override
	public void flush() throws IOException {
		this.delegate.flush();
	}

	@Override
	public void close() throws IOException {
		this.delegate.close();
	}

	private final class ContextPropagatingWriteListener implements WriteListener {

		private final WriteListener delegate;

		private ContextPropagatingWriteListener(WriteListener delegate) {
			this.delegate = delegate;
		}

		@Override
		public void onWritePossible() throws IOException {
			ContextPropagatingOutputStream.this.request.runInCopy("onWritePossible", this.delegate::onWritePossible);
		}

		@Override
		public void onError(Throwable failure) {
			ContextPropagatingOutputStream.this.request.runInCopy("onError", () -> this.delegate.onError(failure));
		}

	}

}
