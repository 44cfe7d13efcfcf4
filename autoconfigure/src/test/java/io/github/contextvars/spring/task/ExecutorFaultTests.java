package io.github.contextvars.spring.task;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Seeded faults in the instrumentation of executor beans, each detected by
 * {@link ExecutorChangesTests} or {@link ContextTaskDecoratorTests}.
 */
@Tag("stress")
class ExecutorFaultTests {

	@Test
	void rightCodePasses() {
		assertThat(SeededFault.NONE.detectedBy(ExecutorChangesTests.class)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					ContextExecutorBeanPostProcessor | (!this.ready && ExecutorDecorators.add(executor, this.decorator))        | false            | decoratorThatPostProcessorSetsAppliesToo
					ContextExecutorBeanPostProcessor | this.ready = true;                                                       | ``               | decoratorThatIsReplacedLaterIsWarnedOfOnceAtTheNextLook
					ContextExecutorBeanPostProcessor | lookAtAll();\\n\\t\\tthis.ready                                          | this.ready       | decoratorThatIsSetBeforeTheReadyEventAppliesToo
					ContextExecutorBeanPostProcessor | found.current().propagates()                                             | true             | decoratorThatIsReplacedLaterIsWarnedOfOnceAtTheNextLook
					ContextExecutorBeanPostProcessor | ExecutorDecorators.isDecoratedBy(executor, this.decorator)               | true             | decoratorThatIsReplacedLaterIsWarnedOfOnceAtTheNextLook
					ContextExecutorBeanPostProcessor | !decorate(name, bean)                                                    | true             | executorThatPostProcessorsNeedPropagatesOrIsNamed
					ContextExecutorBeanPostProcessor | isOneOf(OF_SERVERS, bean.getClass())                                     | false            | poolOfServerIsLeftAlone
					ExecutorDecorators               | `|| TaskSubmissionInterceptor.isSubmission(method)`                      | ``               | subclassWithExecutorOfItsOwnPropagates
					ExecutorProxyFactory             | shareThreadFactory(executor, ((ProxyMethodInvocation) invocation).getProxy()); | ``         | settingsOfSimpleAsyncTaskSchedulerAreRead
					ExecutorProxyFactory             | one == SimpleAsyncTaskExecutor.class                                     | false            | settingsOfSimpleAsyncTaskSchedulerAreRead
					ExecutorProxyFactory             | if (visible != null) {                                                   | if (false) {     | fieldThatOthersReadIsTheExecutors
					ExecutorProxyFactory             | share(field, target, proxy)                                              | field.toString() | finalFieldThatOthersReadIsTheExecutors
					ExecutorProxyFactory             | declaringClass.getPackage() == type.getPackage()                         | false            | executorCanBeCastToTheClassThatItHas
					""")
	void faultIsDetected(String type, String text, String replacement, String test) {
		assertThat(SeededFault.in(getClass().getPackageName() + "." + type, text.translateEscapes(), replacement)
			.detectedBy(ExecutorChangesTests.class, test)).isNotEmpty();
	}

	@Test
	void errorHandlerAroundDecoratedTaskIsLookedInto() {
		assertThat(SeededFault
			.in(ContextTaskDecorator.class, "instanceof Runnable delegate) ? delegate",
					"instanceof Runnable delegate) ? task")
			.detectedBy(ContextTaskDecoratorTests.class, "decoratedTaskWithErrorHandlerIsReturnedAsItIs")).isNotEmpty();
	}

}
