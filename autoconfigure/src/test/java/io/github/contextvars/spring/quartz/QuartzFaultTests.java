package io.github.contextvars.spring.quartz;

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
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					FiringTask                    | registry.run(registry.create(UnitOfWork.Kind.JOB, this::origin), this.firing) | this.firing.run()       | firingsAreSeparate
					FiringTask                    | registry.create(UnitOfWork.Kind.JOB, this::origin)          | registry.capture(UnitOfWork.Kind.JOB).create() | firingsOnExecutorThatIsNoBeanAreSeparateWhateverItBrings
					ContextThreadPool             | new FiringTask(firing, this.workRegistry)                   | firing                                    | firingsAreSeparate
					ContextThreadPool             | this.workRegistry = SingletonSupplier.of(registry::getObject); | ``                                     | unitOfWorkIsTheJobAndNothingOfWhatHasTriggeredIt
					QuartzContextBeanPostProcessor | new FiringTask(task, this.workRegistry)                    | task                                      | firingsOnExecutorThatIsNoBeanAreSeparateWhateverItBrings
					QuartzContextBeanPostProcessor | CollectionUtils.mergePropertiesIntoMap(present, properties); | ``                                       | firingsAreSeparate
					QuartzContextBeanPostProcessor | !threadPool.equals(SimpleThreadPool.class.getName())       | threadPool.isEmpty()                      | poolOfTheApplicationIsKeptAndNamed
					QuartzContextBeanPostProcessor | PropertiesLoaderUtils.fillProperties(located, location);   | throw new IOException();                  | poolInLocatedConfigurationIsKeptAndNamed
					QuartzContextBeanPostProcessor | fields.getPropertyValue("schedulerFactory") != null        | factory == null                           | factoryOfTheApplicationIsKeptAndNamed
					""")
	void faultIsDetected(String type, String text, String replacement, String test) {
		assertThat(SeededFault.in(getClass().getPackageName() + "." + type, text, replacement)
			.detectedBy(QuartzPropagationTests.class, test)).isNotEmpty();
	}

}
