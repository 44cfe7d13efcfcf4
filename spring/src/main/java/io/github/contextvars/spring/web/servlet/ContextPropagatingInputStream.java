package io.github.contextvars.spring.web.servlet;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;

/**
 * {@link ServletInputStream} whose listener is called in a copy of the request's context.
 * Everything else is left to the container's stream.
 */
final class ContextPropagatingInputStream extends ServletInputStream {

	private final ServletInputStream delegate;

	private final ContextPropagatingRequestWrapper request;

	/**
	 * Create a stream.
	 * @param delegate the container's stream
	 * @param request runs callbacks
	 */
	ContextPropagatingInputStream(ServletInputStream delegate, ContextPropagatingRequestWrapper request) {
		this.delegate = delegate;
		this.request = request;
	}

	@SuppressWarnings("ReferenceEquality") // it is this very stream
	boolean wraps(ServletInputStream stream) {
		return this.delegate == stream;
	}

	@Override
	public void setReadListener(ReadListener listener) {
		this.delegate.setReadListener((listener != null) ? new ContextPropagatingReadListener(listener) : null);
	}

	@Override
	public boolean isFinished() {
		return this.delegate.isFinished();
	}

	@Override
	public boolean isReady() {
		return this.delegate.isReady();
	}

	@Override
	public int read() throws IOException {
		return this.delegate.read();
	}

	@Override
	public int read(byte[] bytes) throws IOException {
		return this.delegate.read(bytes);
	}

	@Override
	public int read(byte[] bytes, int offset, int length) throws IOException {
		return this.delegate.read(bytes, offset, length);
	}

	@Override
	public int read(ByteBuffer buffer) throws IOException {
		return this.delegate.read(buffer);
	}

	@Override
	public int readLine(byte[] bytes, int offset, int length) throws IOException {
		return this.delegate.readLine(bytes, offset, length);
	}

	@Override
	public byte[] readAllBytes() throws IOException {
		return this.delegate.readAllBytes();
	}

	@Override
	public byte[] readNBytes(int length) throws IOException {
		return this.delegate.readNBytes(length);
	}

	@Override
	public int readNBytes(byte[] bytes, int offset, int length) throws IOException {
		return this.delegate.readNBytes(bytes, offset, length);
	}

	@Override
	public long skip(long count) throws IOException {
		return this.delegate.skip(count);
	}

	@Override
	public void skipNBytes(long count) throws IOException {
		this.delegate.skipNBytes(count);
	}

	@Override
	public int available() throws IOException {
		return this.delegate.available();
	}

	@Override
	public long transferTo(OutputStream target) throws IOException {
		return this.delegate.transferTo(target);
	}

	@Override
	public boolean markSupported() {
		return this.delegate.markSupported();
	}

	@Override
	public void mark(int limit) {
		this.delegate.mark(limit);
	}

	@Override
	public void reset() throws IOException {
		this.delegate.reset();
	}

	@Override
	public void close() throws IOException {
		this.delegate.close();
	}

	private final class ContextPropagatingReadListener implements ReadListener {

		private final ReadListener delegate;

		private ContextPropagatingReadListener(ReadListener delegate) {
			this.delegate = delegate;
		}

		@Override
		public void onDataAvailable() throws IOException {
			ContextPropagatingInputStream.this.request.runInCopy("onDataAvailable", this.delegate::onDataAvailable);
		}

		@Override
		public void onAllDataRead() throws IOException {
			ContextPropagatingInputStream.this.request.runInCopy("onAllDataRead", this.delegate::onAllDataRead);
		}

		@Override
		public void onError(Throwable failure) {
			ContextPropagatingInputStream.this.request.runInCopy("onError", () -> this.delegate.onError(failure));
		}

	}

}
