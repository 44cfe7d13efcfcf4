package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

import io.github.contextvars.spring.registry.InvalidDeclarationException;

/**
 * {@link org.springframework.boot.diagnostics.FailureAnalyzer} for annotations that are
 * invalid.
 */
final class InvalidDeclarationFailureAnalyzer extends AbstractFailureAnalyzer<InvalidDeclarationException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, InvalidDeclarationException cause) {
		return new FailureAnalysis(cause.getMessage(), cause.action(), cause);
	}

}
