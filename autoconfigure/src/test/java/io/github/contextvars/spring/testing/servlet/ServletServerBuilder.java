package io.github.contextvars.spring.testing.servlet;

import io.grpc.ForwardingServerBuilder;
import io.grpc.ServerBuilder;

/**
 * Stands for the builder of gRPC's servlet, which the library knows by its package.
 */
public final class ServletServerBuilder extends ForwardingServerBuilder<ServletServerBuilder> {

	private final ServerBuilder<?> delegate;

	public ServletServerBuilder(ServerBuilder<?> delegate) {
		this.delegate = delegate;
	}

	@Override
	protected ServerBuilder<?> delegate() {
		return this.delegate;
	}

}
