package io.github.contextvars.spring.stress;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.contextvars.testsupport.Threading;

/**
 * Stress tests at the smallest size that detects a fault which every request of a kind
 * shows. {@link StressFaultTests} runs them on builds of the library with a seeded fault.
 */
class SmallLoadTests {

	@Test
	void loadOnPlatformThreadsMixesNothingUp() throws Exception {
		LoadTests.runSmall(Threading.PLATFORM);
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21, disabledReason = "virtual threads come with JDK 21: skipped")
	void loadOnVirtualThreadsMixesNothingUp() throws Exception {
		LoadTests.runSmall(Threading.VIRTUAL);
	}

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void callsMixNothingUp(Threading threading) throws Exception {
		GrpcLoadTests.runSmall(threading);
	}

	@Test
	void thousandContextsLeaveNothing() throws Exception {
		RetentionTests.assertNothingIsLeft(1_000);
	}

}
