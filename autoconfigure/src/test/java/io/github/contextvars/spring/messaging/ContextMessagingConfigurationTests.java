package io.github.contextvars.spring.messaging;

import java.lang.reflect.Method;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.aop.Pointcut;
import org.springframework.aop.config.AopConfigUtils;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.beans.factory.support.StaticListableBeanFactory;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.Ordered;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.util.ReflectionUtils;

import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

@ExtendWith(OutputCaptureExtension.class)
class ContextMessagingConfigurationTests {

	private final WorkRegistry registry = WorkRegistry.tracking();

	private final DefaultPointcutAdvisor advisor = ContextMessagingConfiguration.contextVarsMessageListenerAdvisor(
			new StaticListableBeanFactory(Map.of("registry", this.registry)).getBeanProvider(WorkRegistry.class),
			proxyingClasses());

	@Test
	void messageIsListedAsTheListenersMethod() {
		Plain plain = new Plain();
		plain.registry = this.registry;
		ProxyFactory factory = new ProxyFactory(plain);
		factory.setProxyTargetClass(true);
		factory.addAdvisor(this.advisor);

		assertThat(((Plain) factory.getProxy()).on("message")).isEqualTo("message Plain.on");
	}

	@Test
	void listenersOnlyMatch() {
		assertThat(this.advisor.getPointcut().getClassFilter().matches(Plain.class)).isTrue();
		assertThat(this.advisor.getPointcut().getClassFilter().matches(String.class)).isFalse();
		assertThat(matches(this.advisor.getPointcut(), Plain.class)).isTrue();
	}

	@Test
	void listenerWithInterfacesMatchesIfProxiesExtendItsClass(CapturedOutput output) {
		MessageListenerPointcut byInterface = new MessageListenerPointcut(false);

		assertThat(matches(this.advisor.getPointcut(), WithInterface.class)).isTrue();
		assertThat(matches(byInterface, Plain.class)).isTrue();
		assertThat(output).isEmpty();

		assertThat(matches(byInterface, WithInterface.class)).isFalse();
		assertThat(output).contains("it has interfaces, and 'spring.aop.proxy-target-class' is false");
	}

	@Test
	void listenerWithStateThatAProxyLacksDoesNotMatch(CapturedOutput output) {
		assertThat(matches(this.advisor.getPointcut(), WithConstant.class)).isTrue();
		assertThat(output).isEmpty();

		assertThat(matches(this.advisor.getPointcut(), WithPublicField.class)).isFalse();
		assertThat(output).contains("it has the public field name");

		assertThat(matches(this.advisor.getPointcut(), FinalClass.class)).isFalse();
		assertThat(output).contains("it has the modifier final");
	}

	@Test
	void listenersAreReportedWithReasonAndRemedy() {
		matches(this.advisor.getPointcut(), Plain.class);
		matches(this.advisor.getPointcut(), FinalClass.class);

		assertThat(((PropagationSource) this.advisor.getPointcut()).entries())
			.extracting(PropagationSource.Entry::name, PropagationSource.Entry::propagates)
			.containsExactlyInAnyOrder(tuple("ContextMessagingConfigurationTests.FinalClass.on", false),
					tuple("ContextMessagingConfigurationTests.Plain.on", true));
		assertThat(((PropagationSource) this.advisor.getPointcut()).entries())
			.filteredOn((entry) -> !entry.propagates())
			.singleElement()
			.satisfies((entry) -> {
				assertThat(entry.reason()).contains("the modifier final");
				assertThat(entry.remedy()).contains("new Context().run(...)");
			});
	}

	@Test
	void contextIsAroundAllOtherAdvice() {
		assertThat(this.advisor.getOrder()).isEqualTo(Ordered.HIGHEST_PRECEDENCE);
	}

	private static DefaultListableBeanFactory proxyingClasses() {
		DefaultListableBeanFactory beanFactory = new DefaultListableBeanFactory();
		AopConfigUtils.registerAutoProxyCreatorIfNecessary(beanFactory);
		AopConfigUtils.forceAutoProxyCreatorToUseClassProxying(beanFactory);
		return beanFactory;
	}

	private static boolean matches(Pointcut pointcut, Class<?> type) {
		Method method = ReflectionUtils.findMethod(type, "on", String.class);
		return pointcut.getMethodMatcher().matches(method, type);
	}

	static class Plain {

		private WorkRegistry registry = WorkRegistry.nonTracking();

		@KafkaListener
		String on(String message) {
			UnitOfWork current = this.registry.current();
			return (current != null) ? current.kind() + " " + current.origin() : "none";
		}

	}

	static class WithInterface implements Runnable {

		@KafkaListener
		void on(String message) {
		}

		@Override
		public void run() {
		}

	}

	static class WithConstant {

		public static final String CONSTANT = "constant";

		private final String name = "private";

		static final String name(WithConstant listener) {
			return listener.name();
		}

		private String name() {
			return this.name;
		}

		@KafkaListener
		void on(String message) {
		}

	}

	static class WithPublicField {

		@SuppressWarnings("VisibilityModifier")
		public final String name = "name";

		@KafkaListener
		void on(String message) {
		}

	}

	static final class FinalClass {

		@KafkaListener
		void on(String message) {
		}

	}

}
