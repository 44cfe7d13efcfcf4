package io.github.contextvars.spring.registry;

import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

@ExtendWith(OutputCaptureExtension.class)
class OutsideContextPolicyTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class));

	@AfterEach
	void forget() {
		Context.onSetOutside(null);
	}

	@Test
	void setWhenAllowedPassesSilently(CapturedOutput output) {
		this.runner.withPropertyValues("contextvars.base-context=allow").run((context) -> {
			assertThat(setOnThread("allowed")).isEqualTo("acme");
			assertThat(output).doesNotContain("outside of any context");
		});
	}

	@Test
	void setByDefaultWarns(CapturedOutput output) {
		this.runner.run((context) -> {
			assertThat(setOnThread("careless")).isEqualTo("acme");
			assertThat(output).contains("WARN")
				.contains("'tenant'")
				.contains("'careless'")
				.contains("ContextExecutors.wrap(executor)")
				.contains("stays with the thread")
				.contains("new Context().run(")
				.contains("'contextvars.base-context'");
		});
	}

	@Test
	void setWhenRejectedThrowsAndSetsNothing() {
		this.runner.withPropertyValues("contextvars.base-context=reject").run((context) -> {
			assertThatException().isThrownBy(() -> setOnThread("rejected"))
				.havingRootCause()
				.isInstanceOf(IllegalStateException.class)
				.withMessageContainingAll("'tenant'", "'rejected'", "ContextExecutors.wrap(executor)",
						"'contextvars.base-context'")
				.withMessageNotContaining("stays with the thread");
			assertThat(onThread("reader", () -> {
				assertThatException().isThrownBy(() -> TENANT.set("acme"));
				return TENANT.get();
			})).isEqualTo("none");
		});
	}

	@Test
	void countIsHowOftenItWarnedOrRejected() throws Exception {
		try (OutsideContextPolicy policy = OutsideContextPolicy.install(OutsideContextPolicy.Mode.WARN)) {
			setOnThread("first");
			setOnThread("second");

			assertThat(policy.count()).isEqualTo(2);
		}
	}

	@Test
	void setInsideOfContextIsNobodysBusiness(CapturedOutput output) {
		this.runner.withPropertyValues("contextvars.base-context=reject")
			.run((context) -> assertThat(onThread("worker", () -> new Context().call(() -> {
				TENANT.set("acme");
				return TENANT.get();
			}))).isEqualTo("acme"));
		assertThat(output).doesNotContain("outside of any context");
	}

	@Test
	void setAgainOnSameThreadWarnsOnce(CapturedOutput output) {
		this.runner.run((context) -> {
			onThread("twice", () -> {
				TENANT.set("acme");
				return TENANT.set("globex");
			});
			assertThat(output.toString().split("outside of any context", -1)).hasSize(2);
		});
	}

	@Test
	void youngestOfSeveralApplicationsDecidesAndClosingRestores(CapturedOutput output) {
		this.runner.withPropertyValues("contextvars.base-context=reject").run((older) -> {
			this.runner.withPropertyValues("contextvars.base-context=allow")
				.run((younger) -> assertThat(setOnThread("in both")).isEqualTo("acme"));
			assertThatException().isThrownBy(() -> setOnThread("in older"))
				.havingRootCause()
				.withMessageContaining("'in older'");
		});
		assertThat(setOnThread("in none")).isEqualTo("acme");
		assertThat(output).doesNotContain("outside of any context");
	}

	@Test
	void olderApplicationThatClosesFirstLeavesYoungerOnesDecision() {
		OutsideContextPolicy older = OutsideContextPolicy.install(OutsideContextPolicy.Mode.ALLOW);
		OutsideContextPolicy younger = OutsideContextPolicy.install(OutsideContextPolicy.Mode.REJECT);
		older.close();
		older.close();
		assertThatException().isThrownBy(() -> setOnThread("in younger"));

		younger.close();

		assertThat(onThread("in none", () -> {
			TENANT.set("acme");
			return TENANT.get();
		})).isEqualTo("acme");
	}

	private static String setOnThread(String name) {
		return onThread(name, () -> {
			TENANT.set("acme");
			return TENANT.get();
		});
	}

	private static <V> V onThread(String name, Callable<V> body) {
		FutureTask<V> task = new FutureTask<>(body);
		new Thread(task, name).start();
		try {
			return task.get(30, TimeUnit.SECONDS);
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

}
