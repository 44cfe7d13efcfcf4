package io.github.contextvars.spring.registry;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

@ExtendWith(OutputCaptureExtension.class)
class OutsideContextPolicyTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class));

	@AfterEach
	void removeHandlers() {
		Context.onSetOutside(null);
		Context.onGetOutside(null);
	}

	@Test
	void setWhenAllowedPassesSilently(CapturedOutput output) {
		this.runner.withPropertyValues("contextvars.outside-context.set=allow").run((context) -> {
			assertThat(setOnThread("allowed")).isEqualTo("acme");
			assertThat(output).doesNotContain("outside any context");
		});
	}

	@Test
	void setWhenWarnedOfPassesAndNamesVariableThreadAndPlace(CapturedOutput output) {
		this.runner.withPropertyValues("contextvars.outside-context.set=warn").run((context) -> {
			assertThat(setOnThread("careless")).isEqualTo("acme");
			assertThat(output).contains("WARN")
				.contains("'tenant'")
				.contains("'careless'")
				.contains("at io.github.contextvars.spring.registry.OutsideContextPolicyTests.")
				.contains("(OutsideContextPolicyTests.java:")
				.contains("ContextExecutors.wrap(executor)")
				.contains("new Context().run(")
				.contains("'contextvars.outside-context.set'");
		});
	}

	@Test
	void setByDefaultThrowsAndSetsNothing() {
		this.runner.run((context) -> {
			assertThatException().isThrownBy(() -> setOnThread("rejected"))
				.havingRootCause()
				.isInstanceOf(IllegalStateException.class)
				.withMessageContainingAll("'tenant'", "'rejected'", "ContextExecutors.wrap(executor)",
						"'contextvars.outside-context.set'");
			assertThat(onThread("reader", () -> {
				assertThatException().isThrownBy(() -> TENANT.set("acme"));
				return TENANT.get();
			})).isEqualTo("none");
		});
	}

	@Test
	void setDuringStartUpIsRejected() {
		this.runner
			.withBean("careless", String.class, () -> setOnThread("starting"),
					(definition) -> definition.setDependsOn("contextVarsOutsideContextPolicy"))
			.run((context) -> assertThat(context).hasFailed()
				.getFailure()
				.rootCause()
				.hasMessageContaining("'starting' outside any context"));
	}

	@Test
	void setInsideContextIsLetPass(CapturedOutput output) {
		this.runner.run((context) -> assertThat(onThread("worker", () -> new Context().call(() -> {
			TENANT.set("acme");
			return TENANT.get();
		}))).isEqualTo("acme"));
		assertThat(output).doesNotContain("outside any context");
	}

	@Test
	void setAgainAtTheSamePlaceWarnsOnceAndCountsTwice(CapturedOutput output) {
		try (OutsideContextPolicy policy = install(OutsideContextPolicy.Mode.WARN, OutsideContextPolicy.Mode.ALLOW)) {
			setOnThread("first");
			setOnThread("second");

			assertThat(policy.sets()).isEqualTo(2);
			assertThat(policy.accesses()).singleElement().satisfies((access) -> {
				assertThat(access.variable()).isEqualTo("tenant");
				assertThat(access.operation()).isEqualTo("set");
				assertThat(access.place()).startsWith(OutsideContextPolicyTests.class.getName() + ".");
				assertThat(access.count()).isEqualTo(2);
				assertThat(access.lastThread()).isEqualTo("second");
			});
		}
		assertThat(output.toString().split("outside any context", -1)).hasSize(2);
	}

	@Test
	void getByDefaultWarnsOfDeclaredVariableOnceReady(CapturedOutput output) {
		this.runner.withUserConfiguration(Declared.class).run((context) -> {
			onThread("early", () -> Declared.DECLARED.get());
			assertThat(output).doesNotContain("outside any context");

			context.publishEvent(new ApplicationReadyEvent(new SpringApplication(), new String[0],
					context.getSourceApplicationContext(), null));
			onThread("undeclared", () -> TENANT.get());
			assertThat(output).doesNotContain("outside any context");

			assertThat(onThread("lost", () -> Declared.DECLARED.get())).isEqualTo("default");
			assertThat(output).contains("'declared' is read by thread 'lost' outside any context")
				.contains("'contextvars.outside-context.get'");
			assertThat(context.getBean(OutsideContextPolicy.class).gets()).isEqualTo(1);
		});
	}

	@Test
	void getWhenRejectedThrows() {
		this.runner.withUserConfiguration(Declared.class)
			.withPropertyValues("contextvars.outside-context.get=reject")
			.run((context) -> {
				context.getBean(OutsideContextPolicy.class).watchReads();
				assertThatException().isThrownBy(() -> onThread("lost", () -> Declared.DECLARED.get("fallback")))
					.havingRootCause()
					.isInstanceOf(IllegalStateException.class)
					.withMessageContaining("'declared' is read by thread 'lost'");
				assertThat(onThread("inside", () -> new Context().call(() -> Declared.DECLARED.get())))
					.isEqualTo("default");
			});
		assertThat(onThread("after", () -> Declared.DECLARED.get())).isEqualTo("default");
	}

	@Test
	void logEventsAndObservationsAreNoReads(CapturedOutput output) {
		this.runner.withUserConfiguration(Declared.class)
			.withPropertyValues("contextvars.outside-context.get=reject")
			.run((context) -> {
				context.getBean(OutsideContextPolicy.class).watchReads();
				ContextVariableRegistry.Declaration declaration = context.getBean(ContextVariableRegistry.class)
					.require("declared");
				assertThat(onThread("logging", declaration::currentLine)).isNull();
				assertThat(context.getBean(OutsideContextPolicy.class).gets()).isZero();
			});
	}

	@Test
	void getWhenAllowedIsNotWatched(CapturedOutput output) {
		this.runner.withUserConfiguration(Declared.class)
			.withPropertyValues("contextvars.outside-context.get=allow")
			.run((context) -> {
				context.getBean(OutsideContextPolicy.class).watchReads();
				assertThat(onThread("lost", () -> Declared.DECLARED.get())).isEqualTo("default");
			});
		assertThat(output).doesNotContain("outside any context");
	}

	@Test
	void youngestOfSeveralApplicationsDecidesAndClosingRestores(CapturedOutput output) {
		this.runner.run((older) -> {
			this.runner.withPropertyValues("contextvars.outside-context.set=allow")
				.run((younger) -> assertThat(setOnThread("in both")).isEqualTo("acme"));
			assertThatException().isThrownBy(() -> setOnThread("in older"))
				.havingRootCause()
				.withMessageContaining("'in older'");
		});
		assertThat(setOnThread("in none")).isEqualTo("acme");
		assertThat(output).doesNotContain("outside any context");
	}

	@Test
	void olderApplicationThatClosesFirstLeavesYoungerOnesDecision() {
		OutsideContextPolicy older = install(OutsideContextPolicy.Mode.ALLOW, OutsideContextPolicy.Mode.ALLOW);
		OutsideContextPolicy younger = install(OutsideContextPolicy.Mode.REJECT, OutsideContextPolicy.Mode.ALLOW);
		older.close();
		older.close();
		assertThatException().isThrownBy(() -> setOnThread("in younger"));

		younger.close();

		assertThat(setOnThread("in none")).isEqualTo("acme");
	}

	private static OutsideContextPolicy install(OutsideContextPolicy.Mode set, OutsideContextPolicy.Mode get) {
		return OutsideContextPolicy.install(new ContextVariableRegistry(List.of()), set, get);
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

	static class Declared {

		@ContextVariable
		static final ContextVar<String> DECLARED = ContextVar.of("declared", "default");

	}

}
