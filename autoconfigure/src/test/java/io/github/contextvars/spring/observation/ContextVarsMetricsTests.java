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
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsMetricsAutoConfiguration;
import io.github.contextvars.spring.registry.OutsideContextPolicy;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

class ContextVarsMetricsTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant");

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class,
				ContextVarsMetricsAutoConfiguration.class, MetricsAutoConfiguration.class,
				CompositeMeterRegistryAutoConfiguration.class, SimpleMetricsExportAutoConfiguration.class));

	@Test
	void enteredCountsUnitsOfWorkByKind() {
		this.runner.run((context) -> {
			WorkRegistry live = context.getBean(WorkRegistry.class);
			UnitOfWork request = live.begin(UnitOfWork.Kind.REQUEST, () -> "test", null, new Context());
			live.run(request, () -> enter(live, UnitOfWork.Kind.TASK));
			live.run(request, () -> enter(live, UnitOfWork.Kind.TASK));

			MeterRegistry registry = context.getBean(MeterRegistry.class);
			assertThat(entered(registry, "request")).isEqualTo(1);
			assertThat(entered(registry, "task")).isEqualTo(2);
			assertThat(entered(registry, "scoped")).isZero();
			assertThat(entered(registry, "scheduled")).isZero();
			assertThat(entered(registry, "listener")).isZero();
		});
	}

	@Test
	void liveShowsWhatRunsWhenTracked() {
		this.runner.withBean(WorkRegistry.class, WorkRegistry::tracked).run((context) -> {
			WorkRegistry live = context.getBean(WorkRegistry.class);
			MeterRegistry registry = context.getBean(MeterRegistry.class);

			double inside = live.call(live.begin(UnitOfWork.Kind.TASK, () -> "test", null, new Context()),
					() -> registry.get("contextvars.contexts.live").gauge().value());

			assertThat(inside).isEqualTo(1);
			assertThat(registry.get("contextvars.contexts.live").gauge().value()).isZero();
		});
	}

	@Test
	void liveIsNotThereWhenUntracked() {
		this.runner
			.run((context) -> assertThat(context.getBean(MeterRegistry.class).find("contextvars.contexts.live").gauge())
				.isNull());
	}

	@Test
	void baseContextsCountsWarnings() {
		this.runner.run((context) -> {
			MeterRegistry registry = context.getBean(MeterRegistry.class);
			assertThat(registry.get("contextvars.base.contexts").functionCounter().count()).isZero();

			Thread thread = new Thread(() -> TENANT.set("acme"));
			thread.start();
			thread.join();

			assertThat(registry.get("contextvars.base.contexts").functionCounter().count()).isEqualTo(1);
		});
	}

	@Test
	void baseContextsDoesNotCountWhatIsAllowed() {
		this.runner.withPropertyValues("contextvars.base-context=allow").run((context) -> {
			Thread thread = new Thread(() -> TENANT.set("acme"));
			thread.start();
			thread.join();

			assertThat(context.getBean(MeterRegistry.class).get("contextvars.base.contexts").functionCounter().count())
				.isZero();
		});
	}

	@Test
	void nothingIsCountedUntilBound() {
		WorkRegistry live = WorkRegistry.untracked();
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
	void metersAreReplacedByBeanOfTheType() {
		OutsideContextPolicy policy = OutsideContextPolicy.install(OutsideContextPolicy.Mode.ALLOW);
		try (policy) {
			this.runner
				.withBean("mine", ContextVarsMetrics.class,
						() -> new ContextVarsMetrics(WorkRegistry.untracked(), policy))
				.run((context) -> assertThat(context).getBeans(ContextVarsMetrics.class).containsOnlyKeys("mine"));
		}
	}

	@Test
	void metersNeedRegistry() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class,
					ContextVarsMetricsAutoConfiguration.class))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(ContextVarsMetrics.class));
	}

	@Test
	void metersBackOffWithoutMicrometer() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class,
					ContextVarsMetricsAutoConfiguration.class))
			.withClassLoader(new FilteredClassLoader("io.micrometer"))
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean("contextMeters")
				.doesNotHaveBean("observedVariables"));
	}

	private static double entered(MeterRegistry registry, String kind) {
		return registry.get("contextvars.contexts.entered").tag("kind", kind).functionCounter().count();
	}

	private static void enter(WorkRegistry live, UnitOfWork.Kind kind) {
		live.run(live.begin(kind, () -> "test", null, new Context()), () -> {
		});
	}

}
