package io.github.contextvars.spring.work;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Seeded faults in what creates singletons in empty contexts, which
 * {@link SingletonConstructionTests} must detect.
 */
@Tag("stress")
class SingletonConstructionFaultTests {

	@Test
	void rightCodePasses() {
		assertThat(SeededFault.NONE.detectedBy(SingletonConstructionTests.class)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					Context.depth() > 0 && name.equals(INSTANTIATION) | false                                           | whatSingletonSchedulesWhileItIsCreatedBelongsToNoRequest
					Context.depth() > 0 && name.equals(INSTANTIATION) | name.equals(INSTANTIATION)                      | singletonsAreCreatedOutsideWhereTheThreadIsOutside
					this.beanFactory.getMergedBeanDefinition(name).isSingleton() | this.beanFactory.containsBean(name) | prototypesAndScopedBeansAreOfTheCallersContext
					registry.create(UnitOfWork.Kind.RUNNER, () -> "bean " + value) | registry.capture(UnitOfWork.Kind.RUNNER).create() | singletonsOfMixedUnitsAreSeparate
					instanceof WorkRegistry registry) ? registry      | instanceof WorkRegistry registry) ? WorkRegistry.nonTracking() | whatSingletonSubmitsWhileItIsCreatedBelongsToNoRequest
					entered.close();                                  | ``                                              | singletonsOfMixedUnitsAreSeparate
					beanFactory.getApplicationStartup()               | ApplicationStartup.DEFAULT                      | stepsOfTheApplicationsOwnStartupAreRecordedAsBefore
					""")
	void faultIsDetected(String text, String replacement, String test) {
		assertThat(SeededFault.in(SingletonApplicationStartup.class, text, replacement)
			.detectedBy(SingletonConstructionTests.class, test)).isNotEmpty();
	}

}
