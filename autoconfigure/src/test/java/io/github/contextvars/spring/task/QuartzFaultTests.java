package io.github.contextvars.spring.task;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Seeded faults in what gives firings of Quartz jobs a context, which
 * {@link QuartzPropagationTests} must detect.
 */
@Tag("stress")
class QuartzFaultTests {

	@Test
	void rightCodePasses() {
		assertThat(SeededFault.NONE.detectedBy(QuartzPropagationTests.class)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					ContextThreadPool             | () -> run(firing)                                        | firing                                         | jobsBeginEmpty
					QuartzContextBeanPostProcessor | factory.setQuartzProperties(merged);                    | merged.clear();                                | jobsBeginEmpty
					QuartzContextBeanPostProcessor | if (poolClass != null                                   | if (poolClass == null                          | poolOfTheApplicationIsLeftAloneAndNamed
					""")
	void faultIsDetected(String type, String text, String replacement, String test) {
		assertThat(SeededFault.in("io.github.contextvars.spring.task." + type, text, replacement)
			.detectedBy(QuartzPropagationTests.class, test)).isNotEmpty();
	}

}
