package io.github.contextvars.demo;

import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.ErrorResponseException;

/**
 * Answers a request with a problem detail.
 */
final class Rejection extends ErrorResponseException {

	private static final long serialVersionUID = 1L;

	private Rejection(HttpStatus status, String detail) {
		super(status, ProblemDetail.forStatusAndDetail(status, detail), null);
	}

	static Rejection badRequest(String detail) {
		return new Rejection(HttpStatus.BAD_REQUEST, detail);
	}

	static Rejection notFound(String detail) {
		return new Rejection(HttpStatus.NOT_FOUND, detail);
	}

}
