package io.github.contextvars.spring.messaging;

import java.lang.reflect.Method;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.Ordered;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.util.ReflectionUtils;

import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(OutputCaptureExtension.class)
class MessageListenerContextAdvisorTests {

	private final WorkRegistry live = WorkRegistry.tracked();

	private final MessageListenerContextAdvisor advisor = new MessageListenerContextAdvisor(() -> this.live, true);

	@Test
	void messageIsListedAsTheListenersMethod() {
		Plain plain = new Plain();
		plain.live = this.live;
		ProxyFactory factory = new ProxyFactory(plain);
		factory.setProxyTargetClass(true);
		factory.addAdvisor(this.advisor);

		assertThat(((Plain) factory.getProxy()).on("message")).isEqualTo("LISTENER Plain.on");
	}

	@Test
	void listenersOnlyMatch() {
		assertThat(this.advisor.getPointcut().getClassFilter().matches(Plain.class)).isTrue();
		assertThat(this.advisor.getPointcut().getClassFilter().matches(String.class)).isFalse();
		assertThat(matches(this.advisor, Plain.class)).isTrue();
	}

	@Test
	void listenerWithInterfacesMatchesIfProxiesExtendItsClass(CapturedOutput output) {
		MessageListenerContextAdvisor byInterface = new MessageListenerContextAdvisor(() -> this.live, false);

		assertThat(matches(this.advisor, WithInterface.class)).isTrue();
		assertThat(matches(byInterface, Plain.class)).isTrue();
		assertThat(output).isEmpty();

		assertThat(matches(byInterface, WithInterface.class)).isFalse();
		assertThat(output).contains("it has interfaces, and 'spring.aop.proxy-target-class' is false");
	}

	@Test
	void listenerWithStateThatAProxyLacksDoesNotMatch(CapturedOutput output) {
		assertThat(matches(this.advisor, WithConstant.class)).isTrue();
		assertThat(output).isEmpty();

		assertThat(matches(this.advisor, WithPublicField.class)).isFalse();
		assertThat(output).contains("it has the public field name");

		assertThat(matches(this.advisor, FinalClass.class)).isFalse();
		assertThat(output).contains("it has the modifier final");
	}

	@Test
	void contextIsAroundAllOtherAdvice() {
		assertThat(this.advisor.getOrder()).isEqualTo(Ordered.HIGHEST_PRECEDENCE);
	}

	private static boolean matches(MessageListenerContextAdvisor advisor, Class<?> type) {
		Method method = ReflectionUtils.findMethod(type, "on", String.class);
		return advisor.getPointcut().getMethodMatcher().matches(method, type);
	}

	static class Plain {

		private WorkRegistry live = WorkRegistry.untracked();

		@KafkaListener
		String on(String message) {
			UnitOfWork current = this.live.current();
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
