package io.github.contextvars.demo;

import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.ErrorResponseException;

/**
 * Exception that ends a request with a problem detail as its response.
 */
final class ProblemException extends ErrorResponseException {

	private static final long serialVersionUID = 1L;

	private ProblemException(HttpStatus status, String detail) {
		super(status, ProblemDetail.forStatusAndDetail(status, detail), null);
	}

	static ProblemException badRequest(String detail) {
		return new ProblemException(HttpStatus.BAD_REQUEST, detail);
	}

	static ProblemException notFound(String detail) {
		return new ProblemException(HttpStatus.NOT_FOUND, detail);
	}

	static ProblemException unavailable(String detail) {
		return new ProblemException(HttpStatus.SERVICE_UNAVAILABLE, detail);
	}

}
