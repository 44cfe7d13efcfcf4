package org.springframework.samples;

import org.springframework.stereotype.Component;

import io.github.contextvars.ContextVar;
import io.github.contextvars.Token;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextVariable;

/**
 * An application's class in a package of Spring's, as in Spring's own samples.
 */
@Component
public class Clinic {

	@ContextVariable
	static final ContextVar<String> CLINIC = ContextVar.of("clinic");

	Token<String> enter(String clinic) {
		return CLINIC.set(clinic);
	}

	/**
	 * A class whose annotation does nothing, which has to be refused.
	 */
	@Component
	public static final class Closed {

		@ContextScoped
		void work() {
		}

	}

}
