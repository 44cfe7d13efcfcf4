package io.github.contextvars.spring.web;

import java.nio.charset.StandardCharsets;

import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.web.ErrorResponse;

import io.github.contextvars.spring.fill.RejectedValueException;

/**
 * Answer of the library to a request whose context could not be filled. It is written
 * before the application has a chance to turn an exception into an answer.
 * <p>
 * Internal: public for the other packages of the library only.
 *
 * @since 0.1.0
 */
public final class ProblemDetails {

	private final ProblemDetail problem;

	private final HttpHeaders headers = new HttpHeaders();

	private ProblemDetails(ProblemDetail problem, HttpHeaders headers) {
		this.problem = problem;
		headers.forEach(this.headers::addAll);
		this.headers.setContentType(MediaType.APPLICATION_PROBLEM_JSON);
	}

	/**
	 * Return the answer to a failure.
	 * @param failure what an initializer has thrown
	 * @return the answer, or {@code null} if the failure is no fault of the caller
	 */
	public static @Nullable ProblemDetails of(Throwable failure) {
		if (failure instanceof RejectedValueException) {
			return new ProblemDetails(ProblemDetail.forStatusAndDetail(HttpStatus.BAD_REQUEST, failure.getMessage()),
					HttpHeaders.EMPTY);
		}
		return (failure instanceof ErrorResponse error) ? new ProblemDetails(error.getBody(), error.getHeaders())
				: null;
	}

	/**
	 * Return the status of the response.
	 * @return the status code
	 */
	public int status() {
		return this.problem.getStatus();
	}

	/**
	 * Return the headers of the response.
	 * @return the headers, with the content type
	 */
	public HttpHeaders headers() {
		return this.headers;
	}

	/**
	 * Return the body of the response.
	 * @return the problem detail as JSON
	 */
	public byte[] body() {
		String body = "{" + member("title", this.problem.getTitle()) + member("detail", this.problem.getDetail())
				+ "\"status\":" + this.problem.getStatus() + "}";
		return body.getBytes(StandardCharsets.UTF_8);
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
