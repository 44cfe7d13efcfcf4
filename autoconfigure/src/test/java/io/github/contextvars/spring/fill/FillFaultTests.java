package io.github.contextvars.spring.fill;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Seeded faults in what fills variables from requests, which {@link RequestFillTests}
 * must detect.
 */
@Tag("stress")
class FillFaultTests {

	@Test
	void rightCodePasses() {
		assertThat(SeededFault.NONE.detectedBy(RequestFillTests.class)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					fill.FilledValues                       | before != null && before.value() == current   | before != null    | nothingOverwritesWhatTheApplicationHasSet
					fill.FilledValues                       | if (current == UNSET OR own) {            | if (true) {       | nothingOverwritesWhatTheApplicationHasSet
					fill.FillRules                          | values.size() > 1                             | values.size() > 9 | repeatedHeaderIsRejected
					fill.FillRules                          | rule.pattern().matcher(value).matches()       | rule.pattern().matcher(value).find() | valueThatDoesNotMatchIsRejectedAndNotRepeated
					fill.FillRules                          | if (converted == null) {                      | if (false) {      | valueThatDoesNotMatchIsRejectedAndNotRepeated
					fill.AuthenticationFiller               | !filled.remove(rule.variable().variable())    | false             | headerDoesNotDecideForUserWithoutTheClaim
					fill.AuthenticationFiller               | value instanceof Collection<?> &&             | false &&          | claimWithSeveralValuesIsRejected
					fill.AuthenticationFiller               | !this.trust.isAuthenticated(authentication)   | false             | securitysChainDoesNotSeeWhatItsUserFills
					web.servlet.AuthenticationContextFilter | ContextFilter.filledValues(request)           | new io.github.contextvars.spring.fill.FilledValues() | claimTakesPrecedenceOverHeader
					web.servlet.ContextFilter               | !begins OR initialize(request, response)  | true              | headersFillVariablesBeforeAllOtherFilters
					""")
	void faultIsDetected(String type, String text, String replacement, String test) {
		assertThat(SeededFault.in("io.github.contextvars.spring." + type, text.replace(" OR ", " || "), replacement)
			.detectedBy(RequestFillTests.class, test)).isNotEmpty();
	}

}
