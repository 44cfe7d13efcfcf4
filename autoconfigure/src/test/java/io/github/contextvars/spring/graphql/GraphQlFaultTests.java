package io.github.contextvars.spring.graphql;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Seeded faults in the integration of Spring for GraphQL, each detected by
 * {@link GraphQlPropagationTests}.
 */
@Tag("stress")
class GraphQlFaultTests {

	@Test
	void rightCodePasses() {
		assertThat(SeededFault.NONE.detectedBy(GraphQlPropagationTests.class)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					ContextGraphQlInterceptor   | isOf(captured, mark) ? captured.put(ContextThreadLocalAccessor.KEY, values) | (captured != null) ? captured | valuesOfInterceptorsAreSeenByTheirOwnRequestOnly
					ContextGraphQlInterceptor   | isOf(captured, mark) ? captured.put(ContextThreadLocalAccessor.KEY, values) | (captured != null) ? captured | operationsOfOneWebSocketSeeTheirOwnValues
					ContextGraphQlInterceptor   | request.getOrDefault(REQUEST, request) == mark         | true                        | requestThatAnotherOneContinuesKeepsItsOwnValues
					ContextGraphQlInterceptor   | captured.put(ContextThreadLocalAccessor.KEY, values).put(REQUEST, mark) | captured.put(REQUEST, mark) | requestThatAnotherOneContinuesKeepsItsOwnValues
					ContextGraphQlInterceptor   | (Context.depth() > 0)                                  | (Context.depth() == 1)      | copyOfTheRequestsContextIsRecognized
					ContextGraphQlInterceptor   | return LOWEST_PRECEDENCE;                              | return HIGHEST_PRECEDENCE;  | requiredArgumentIsBoundOrItsFieldFails
					ContextGraphQlConfiguration | .add(0, resolver)                                      | .add(resolver)              | argumentIsNotTakenFromWhatTheClientSends
					FromContextArgumentResolver | parameter.hasParameterAnnotation(FromContext.class)    | false                       | requiredArgumentIsBoundOrItsFieldFails
					FromContextArgumentResolver | parameter.hasParameterAnnotation(FromContext.class)    | false                       | mutationsAndHandlersOfExceptionsAreBound
					FromContextArgumentResolver | Optional.ofNullable(value)                             | Optional.empty()            | valuesOfInterceptorsAreSeenByTheirOwnRequestOnly
					""")
	void faultIsDetected(String type, String text, String replacement, String test) {
		assertThat(SeededFault.in(getClass().getPackageName() + "." + type, text, replacement)
			.detectedBy(GraphQlPropagationTests.class, test)).isNotEmpty();
	}

}
