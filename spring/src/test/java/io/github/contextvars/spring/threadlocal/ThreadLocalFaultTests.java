package io.github.contextvars.spring.threadlocal;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Seeded faults in what propagates {@link ThreadLocal}s of other libraries, which
 * {@link AccessorPropagationTests} must detect.
 */
@Tag("stress")
class ThreadLocalFaultTests {

	@Test
	void rightCodePasses() {
		assertThat(SeededFault.NONE.detectedBy(AccessorPropagationTests.class)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiterString = " | ", quoteCharacter = '`',
			textBlock = """
					threadlocal.AccessorPropagation | write(present[i], previous[i], true);             | ``                 | unitThatBeginsFreshClearsAndRestores
					threadlocal.AccessorPropagation | keep ? previous[i] : value                        | value              | messageKeepsTheObservationThatItsContainerHasBegun
					threadlocal.AccessorPropagation | keep ? previous[i] : value                        | value              | requestKeepsWhatTheListenerOfItsContainerHasSet
					threadlocal.AccessorPropagation | (prepared && FrameworkState.isOfRequest(present[i])) | FrameworkState.isOfRequest(present[i]) | unitThatBeginsFreshClearsAndRestores
					threadlocal.AccessorPropagation | if (!present.isOf(registered))                    | if (present.selected.length == 0) | accessorThatIsRegisteredLaterPropagates
					threadlocal.AccessorPropagation | report(accessor, ex);\\n\\t\\t\\treturn UNREADABLE; | throw new IllegalStateException(ex); | accessorThatThrowsLosesNothingElse
					threadlocal.AccessorPropagation | selected.sort(Comparator.comparing(FrameworkState::isObservation)); | selected.sort(Comparator.comparing(FrameworkState::isObservation).reversed()); | scopeOfAnObservationMayWriteIntoTheMdc
					threadlocal.CopyingAccessor     | set(previous.original);                           | set(previous.copy); | snapshotsOfMicrometerUseTheSameAccessors
					threadlocal.CopyingAccessor     | set(value.copy);                                  | set(value.original); | requestAttributesOutliveTheRequest
					threadlocal.LocaleAccessor      | new SimpleLocaleContext(value.getLocale())        | value              | localeDoesNotDependOnTheRequest
					threadlocal.RequestAccessor     | attributes.getRequest().getAttribute(ATTRIBUTES_OF_LISTENER) == attributes | false | requestKeepsWhatTheListenerOfItsContainerHasSet
					threadlocal.RegisteredAccessors | registry.registerThreadLocalAccessor(replaced);   | ``                 | accessorsAreThereWhileAnApplicationUsesThem
					threadlocal.RegisteredAccessors | --registration.users > 0                          | false              | accessorsAreThereWhileAnApplicationUsesThem
					work.UnitThreadLocals           | unit.threadLocals = this.propagation.capture();   | ``                 | unitThatIsEnteredAgainHasWhatWasSaved
					work.UnitThreadLocals           | this.thread == Thread.currentThread()             | true               | scopeThatIsClosedOnAnotherThreadChangesNothingThere
					work.UnitThreadLocals           | present == null || unit.threadLocals == UNCHANGED | present == null  | scopedCallKeepsThem
					work.WorkRegistry               | threadLocals().capture()                          | null               | taskOnAnotherThreadHasAllOfThem
					""")
	void faultIsDetected(String type, String text, String replacement, String test) {
		assertThat(SeededFault.in("io.github.contextvars.spring." + type, text.translateEscapes(), replacement)
			.detectedBy(AccessorPropagationTests.class, test)).isNotEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiterString = " | ", quoteCharacter = '`',
			textBlock = """
					new OwnSource((value.user != null) ? value.user : value.source.user()) | value.source              | runsDoNotShareTheirContext
					Authentication authentication = present.getAuthentication();\\n\\t\\t\\t\\treturn () -> authentication; | return present::getAuthentication; | runsDoNotShareTheirContext
					this.initial = present.getAuthentication();          | ``                        | handOverDoesNotLoadDeferredContext
					this.captured && this.context == null                | false                     | deferredContextThatWasHandedOverIsLoadedBeforeTheUnitEnds
					this.captured && this.context == null                | this.context == null      | deferredContextThatNothingTookOverIsNeverLoaded
					fail(ex);                                            | ``                        | deferredContextThatCannotBeLoadedFailsWhereItIsAskedFor
					return (super.context != null) ? super.user() : this.user; | return super.user(); | tasksThatHandOverTasksAreNoChain
					return strategy.getClass().getName().equals(GLOBAL); | return false;             | holderWithOneContextForAllThreadsIsLeftAlone
					""")
	void faultInSecurityContextIsDetected(String text, String replacement, String test) {
		assertThat(SeededFault.in(SecurityContextAccessor.class, text.translateEscapes(), replacement)
			.detectedBy(AccessorPropagationTests.Security.class, test)).isNotEmpty();
	}

}
