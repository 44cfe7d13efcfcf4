package io.github.contextvars.spring.web.servlet;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.ErrorResponse;

import io.github.contextvars.spring.fill.RejectedValueException;

/**
 * Answers of the library's filters, which come before those that would turn an exception
 * into an answer.
 */
final class ProblemDetails {

	private ProblemDetails() {
	}

	/**
	 * Answer a request whose context could not be filled.
	 * @param failure what was thrown
	 * @param response the response
	 * @throws IOException if the response cannot be written
	 * @throws RuntimeException the failure, if it is none of the caller's
	 */
	static void answer(RuntimeException failure, HttpServletResponse response) throws IOException {
		ProblemDetail problem = problem(failure);
		if (problem == null || response.isCommitted()) {
			throw failure;
		}
		response.setStatus(problem.getStatus());
		response.setContentType("application/problem+json");
		if (failure instanceof ErrorResponse error) {
			error.getHeaders().forEach((name, values) -> values.forEach((value) -> response.addHeader(name, value)));
		}
		String body = "{" + member("title", problem.getTitle()) + member("detail", problem.getDetail()) + "\"status\":"
				+ problem.getStatus() + "}";
		response.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
	}

	private static @Nullable ProblemDetail problem(RuntimeException failure) {
		if (failure instanceof RejectedValueException) {
			return ProblemDetail.forStatusAndDetail(HttpStatus.BAD_REQUEST, failure.getMessage());
		}
		return (failure instanceof ErrorResponse error) ? error.getBody() : null;
	}

	private static String member(String name, @Nullable String value) {
		if (value == null) {
			return "";
		}
		StringBuilder text = new StringBuilder("\"").append(name).append("\":\"");
		value.chars()
			.forEach((character) -> text
				.append((character < ' ' || character == '"' || character == '\\' || character > '~')
						? String.format("\\u%04x", character) : String.valueOf((char) character)));
		return text.append("\",").toString();
	}

}
