package io.github.contextvars.spring.observation;

import io.micrometer.core.instrument.MeterRegistry;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.simple.SimpleMetricsExportAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsObservationAutoConfiguration;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

class ContextVarsMetricsTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant");

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class,
				ContextVarsObservationAutoConfiguration.class, MetricsAutoConfiguration.class,
				CompositeMeterRegistryAutoConfiguration.class, SimpleMetricsExportAutoConfiguration.class));

	@Test
	void enteredCountsUnitsOfWorkByKind() {
		this.runner.run((context) -> {
			WorkRegistry live = context.getBean(WorkRegistry.class);
			UnitOfWork request = live.create(UnitOfWork.Kind.REQUEST, () -> "test", null, new Context());
			live.run(request, () -> enter(live, UnitOfWork.Kind.TASK));
			live.run(request, () -> enter(live, UnitOfWork.Kind.TASK));

			MeterRegistry registry = context.getBean(MeterRegistry.class);
			assertThat(entered(registry, "request")).isEqualTo(1);
			assertThat(entered(registry, "task")).isEqualTo(2);
			assertThat(entered(registry, "scoped")).isZero();
			assertThat(entered(registry, "scheduled")).isZero();
			assertThat(entered(registry, "message")).isZero();
		});
	}

	@Test
	void activeCountsWhatRunsWhenTracked() {
		this.runner.withBean(WorkConfiguration.Tracking.class).run((context) -> {
			WorkRegistry live = context.getBean(WorkRegistry.class);
			MeterRegistry registry = context.getBean(MeterRegistry.class);

			double inside = live.call(live.create(UnitOfWork.Kind.TASK, () -> "test", null, new Context()),
					() -> registry.get("contextvars.contexts.active").gauge().value());

			assertThat(inside).isEqualTo(1);
			assertThat(registry.get("contextvars.contexts.active").gauge().value()).isZero();
		});
	}

	@Test
	void activeIsNotThereWhenNothingIsTracked() {
		this.runner.run((
				context) -> assertThat(context.getBean(MeterRegistry.class).find("contextvars.contexts.active").gauge())
					.isNull());
	}

	@Test
	void outsideSetsCountsWarnings() {
		this.runner.withPropertyValues("contextvars.outside-context.set=warn").run((context) -> {
			MeterRegistry registry = context.getBean(MeterRegistry.class);
			assertThat(registry.get("contextvars.outside.sets").functionCounter().count()).isZero();

			setOnThread();

			assertThat(registry.get("contextvars.outside.sets").functionCounter().count()).isEqualTo(1);
		});
	}

	@Test
	void outsideSetsDoesNotCountWhatIsAllowed() {
		this.runner.withPropertyValues("contextvars.outside-context.set=allow").run((context) -> {
			setOnThread();

			assertThat(context.getBean(MeterRegistry.class).get("contextvars.outside.sets").functionCounter().count())
				.isZero();
		});
	}

	@Test
	void nothingIsCountedUntilBound() {
		WorkRegistry live = WorkRegistry.nonTracking();
		enter(live, UnitOfWork.Kind.TASK);
		assertThat(live.count(UnitOfWork.Kind.TASK)).isZero();

		live.startCounting();
		enter(live, UnitOfWork.Kind.TASK);
		live.startCounting();

		assertThat(live.count(UnitOfWork.Kind.TASK)).isEqualTo(1);
	}

	@Test
	void metersCanBeSwitchedOff() {
		this.runner.withPropertyValues("contextvars.metrics.enabled=false").run((context) -> {
			assertThat(context).doesNotHaveBean(ContextVarsMetrics.class);
			assertThat(context.getBean(MeterRegistry.class).find("contextvars.contexts.entered").meters()).isEmpty();
		});
	}

	@Test
	void metersBackOffWithoutMicrometer() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class,
					ContextVarsObservationAutoConfiguration.class))
			.withClassLoader(new FilteredClassLoader("io.micrometer"))
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean("contextVarsMeterBinder")
				.doesNotHaveBean("contextVarsObservationFilter"));
	}

	private static void setOnThread() throws InterruptedException {
		Thread thread = new Thread(() -> TENANT.set("acme"));
		thread.start();
		thread.join();
	}

	private static double entered(MeterRegistry registry, String kind) {
		return registry.get("contextvars.contexts.entered").tag("kind", kind).functionCounter().count();
	}

	private static void enter(WorkRegistry live, UnitOfWork.Kind kind) {
		live.run(live.create(kind, () -> "test", null, new Context()), () -> {
		});
	}

}
