package io.github.contextvars.testsupport;

import java.util.Arrays;
import java.util.stream.Stream;

/**
 * Kinds of threads that an application can run on.
 */
public enum Threading {

	/**
	 * Platform threads.
	 */
	PLATFORM("spring.threads.virtual.enabled=false"),

	/**
	 * Virtual threads, on JDK 21 and later.
	 */
	VIRTUAL("spring.threads.virtual.enabled=true");

	private final String property;

	Threading(String property) {
		this.property = property;
	}

	/**
	 * Return the property that selects this kind of threads.
	 * @return a property of Spring Boot with its value
	 */
	public String property() {
		return this.property;
	}

	/**
	 * Return the kinds of threads that this JDK has.
	 * @return the kinds
	 */
	public static Stream<Threading> available() {
		return Arrays.stream(values()).filter((kind) -> kind == PLATFORM || Runtime.version().feature() >= 21);
	}

}
