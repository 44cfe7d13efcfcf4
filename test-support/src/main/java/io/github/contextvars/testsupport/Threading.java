package io.github.contextvars.testsupport;

import java.util.Arrays;
import java.util.stream.Stream;

/**
 * The kinds of threads that an application can run on.
 */
public enum Threading {

	PLATFORM("spring.threads.virtual.enabled=false"), VIRTUAL("spring.threads.virtual.enabled=true");

	private final String property;

	Threading(String property) {
		this.property = property;
	}

	public String property() {
		return this.property;
	}

	/**
	 * Those that the JDK has.
	 */
	public static Stream<Threading> available() {
		return Arrays.stream(values()).filter((kind) -> kind == PLATFORM || Runtime.version().feature() >= 21);
	}

}
