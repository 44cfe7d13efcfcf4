package io.github.contextvars.spring.work;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.beans.factory.BeanCreationException;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskSchedulingAutoConfiguration;
import org.springframework.boot.context.metrics.buffering.BufferingApplicationStartup;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.context.annotation.Scope;
import org.springframework.context.support.SimpleThreadScope;
import org.springframework.core.metrics.StartupStep;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.annotation.EnableScheduling;

import io.github.contextvars.Context;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;
import io.github.contextvars.spring.testing.MixedWork;
import io.github.contextvars.spring.testing.WorkerProbe;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * A singleton that is created while a request, a message or a task runs is created in an
 * empty context: it is nothing of theirs.
 */
class SingletonConstructionTests {

	private static final int UNITS = 240;

	private static final BlockingQueue<String> SEEN = new LinkedBlockingQueue<>();

	private final long leakedScopes = Context.leakedScopes();

	@AfterEach
	void assertClean() {
		SEEN.clear();
		assertThat(Context.depth()).isZero();
		assertThat(Context.leakedScopes()).isEqualTo(this.leakedScopes);
	}

	@Test
	void whatSingletonSchedulesWhileItIsCreatedBelongsToNoRequest() {
		run((context) -> {
			runAs("alice", () -> context.getBean(Refresher.class));
			for (int i = 0; i < 3; i++) {
				assertThat(next()).isEqualTo("scheduled -");
			}
		});
	}

	@Test
	void whatSingletonSubmitsWhileItIsCreatedBelongsToNoRequest() {
		run((context) -> {
			WorkRegistry registry = context.getBean(WorkRegistry.class);
			UnitOfWork request = registry.create(UnitOfWork.Kind.REQUEST, () -> "GET /");
			registry.run(request, () -> {
				MixedWork.TENANT.set("alice");
				context.getBean("submitter");
				assertThat(MixedWork.TENANT.get()).isEqualTo("alice");
				assertThat(registry.current()).isSameAs(request);
			});
			assertThat(next()).isEqualTo("created in runner 'bean submitter'");
			assertThat(next()).isEqualTo("submitted by 'bean submitter' -");
		});
	}

	@Test
	void wholeCreationIsEmptyAndLeavesNothingBehind() {
		run((context) -> {
			runAs("alice", () -> {
				context.getBean(Reports.class);
				assertThat(MixedWork.TENANT.get()).isEqualTo("alice");
			});
			assertThat(SEEN).containsExactly("dependency -", "prototype -", "constructor left", "initialization left");
			SEEN.clear();
			runAs("bob", () -> context.getBean(Reports.class));
			assertThat(SEEN).isEmpty();
		});
	}

	@Test
	void singletonThatFactoryBeanCreatesIsEmpty() {
		run((context) -> {
			runAs("alice", () -> assertThat(context.getBean("product")).isEqualTo("product -"));
			runAs("alice", () -> assertThat(context.getBean("&otherFactory")).isInstanceOf(Factory.class));
			assertThat(SEEN).containsExactly("factory -", "factory -");
		});
	}

	@Test
	void prototypesAndScopedBeansAreOfTheCallersContext() {
		run((context) -> {
			runAs("alice", () -> {
				context.getBean("prototype");
				assertThat(MixedWork.TENANT.get()).isEqualTo("left");
				context.getBean("scoped");
			});
			assertThat(SEEN).containsExactly("prototype alice", "scoped left");
		});
	}

	@Test
	void singletonThatFailsLeavesTheRequestsContextCurrent() {
		run((context) -> runAs("alice", () -> {
			for (int i = 0; i < 2; i++) {
				assertThatExceptionOfType(BeanCreationException.class).isThrownBy(() -> context.getBean("failing"))
					.withMessageContaining("planned -");
				assertThat(MixedWork.TENANT.get()).isEqualTo("alice");
			}
			assertThatExceptionOfType(BeanCreationException.class).isThrownBy(() -> context.getBean("overflowing"))
				.withRootCauseInstanceOf(StackOverflowError.class);
			assertThat(MixedWork.TENANT.get()).isEqualTo("alice");
			assertThatExceptionOfType(NoSuchBeanDefinitionException.class).isThrownBy(() -> context.getBean("absent"));
			assertThat(Context.depth()).isOne();
		}));
	}

	@Test
	void singletonsAreCreatedOutsideWhereTheThreadIsOutside() {
		run((context) -> {
			context.getBean("deep");
			assertThat(SEEN).containsExactly("depth 0");
		});
	}

	@Test
	void stepsOfTheApplicationsOwnStartupAreRecordedAsBefore() {
		BufferingApplicationStartup startup = new BufferingApplicationStartup(2048);
		runner().withInitializer((context) -> context.setApplicationStartup(startup)).run((context) -> {
			assertThat(((ConfigurableApplicationContext) context.getSourceApplicationContext()).getApplicationStartup())
				.isSameAs(startup);
			runAs("alice", () -> context.getBean("deep"));
			List<StartupStep> steps = startup.drainBufferedTimeline()
				.getEvents()
				.stream()
				.map((event) -> event.getStartupStep())
				.filter((step) -> step.getName().equals("spring.beans.instantiate"))
				.toList();
			assertThat(steps).extracting((step) -> step.getTags().iterator().next().getValue())
				.contains("contextVarsWorkRegistry", "deep");
		});
	}

	@Test
	void singletonsOfParentAreEmptyAlsoWhenChildIsAsked() {
		run((parent) -> {
			try (AnnotationConfigApplicationContext child = new AnnotationConfigApplicationContext()) {
				child.setParent(parent);
				child.refresh();
				runAs("alice", () -> child.getBean(Reports.class));
				assertThat(SEEN).contains("dependency -", "constructor left");
			}
		});
	}

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void singletonsOfMixedUnitsAreSeparate(Threading threading) throws Exception {
		WorkerProbe.Threads threads = WorkerProbe.Threads.of(threading);
		List<MixedWork.Unit> units = MixedWork.units(UNITS);
		MixedWork work = new MixedWork();
		runner().withInitializer((context) -> {
			for (MixedWork.Unit unit : units) {
				((AnnotationConfigApplicationContext) context).registerBean(unit.id(), Runnable.class, () -> {
					work.end(unit.id(), "construction");
					return () -> work.see(unit.id(), "work");
				}, (definition) -> definition.setLazyInit(true));
			}
		}).run((context) -> {
			ExecutorService pool = Executors.newFixedThreadPool(4, threads);
			for (MixedWork.Unit unit : units) {
				pool.execute(new Context().wrap(() -> {
					if (unit.tenant() != null) {
						MixedWork.TENANT.set(unit.tenant());
					}
					context.getBean(unit.id(), Runnable.class).run();
				}));
			}
			work.assertSeen(units, (unit) -> List.of("construction -", "work " + unit.expected()));
			pool.shutdown();
			threads.joinAndAssertClean();
		});
	}

	private static void run(Consumer<ConfigurableApplicationContext> body) {
		runner().run((context) -> body.accept((ConfigurableApplicationContext) context.getSourceApplicationContext()));
	}

	private static ApplicationContextRunner runner() {
		return new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class,
					ContextVarsTaskAutoConfiguration.class, AopAutoConfiguration.class,
					TaskSchedulingAutoConfiguration.class, TaskExecutionAutoConfiguration.class))
			.withBean(WorkConfiguration.Tracking.class)
			.withInitializer((context) -> context.getBeanFactory().registerScope("thread", new SimpleThreadScope()))
			.withUserConfiguration(LazyBeans.class);
	}

	private static void runAs(String tenant, Runnable body) {
		new Context().run(() -> {
			MixedWork.TENANT.set(tenant);
			body.run();
		});
	}

	private static String next() {
		try {
			return SEEN.poll(30, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void see(String what) {
		SEEN.add(what + " " + MixedWork.TENANT.get());
	}

	/**
	 * {@link Configuration @Configuration} of beans that are created when they are used.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableScheduling
	@Lazy
	static class LazyBeans {

		@Bean
		Refresher refresher(TaskScheduler scheduler) {
			return new Refresher(scheduler);
		}

		@Bean
		String submitter(AsyncTaskExecutor applicationTaskExecutor, ObjectProvider<WorkRegistry> registry) {
			UnitOfWork creation = registry.getObject().current();
			SEEN.add("created in " + creation.kind() + " '" + creation.origin() + "'");
			applicationTaskExecutor.execute(() -> {
				boolean isParent = registry.getObject().current().parent().equals(creation.id());
				see("submitted by '" + (isParent ? creation.origin() : "another") + "'");
			});
			return "submitter";
		}

		@Bean
		Seen dependency() {
			return new Seen("dependency");
		}

		@Bean
		@Scope("prototype")
		Seen prototype() {
			return new Seen("prototype");
		}

		@Bean
		@Scope("thread")
		Seen scoped() {
			return new Seen("scoped");
		}

		@Bean
		Reports reports(Seen dependency, Seen prototype) {
			return new Reports();
		}

		@Bean
		Factory product() {
			return new Factory();
		}

		@Bean
		Factory otherFactory() {
			return new Factory();
		}

		@Bean
		Object failing() {
			String seen = MixedWork.TENANT.get();
			MixedWork.TENANT.set("left");
			throw new IllegalStateException("planned " + seen);
		}

		@Bean
		Object overflowing() {
			MixedWork.TENANT.set("left");
			return overflowing();
		}

		@Bean
		String deep() {
			SEEN.add("depth " + Context.depth());
			return "deep";
		}

	}

	/**
	 * A bean that refreshes itself in the background.
	 */
	static class Refresher {

		Refresher(TaskScheduler scheduler) {
			scheduler.scheduleWithFixedDelay(() -> see("scheduled"), Duration.ofMillis(1));
		}

	}

	/**
	 * A bean that leaves a value behind.
	 */
	static class Seen {

		Seen(String name) {
			see(name);
			MixedWork.TENANT.set("left");
		}

	}

	/**
	 * A bean that is initialized.
	 */
	static class Reports implements InitializingBean {

		Reports() {
			see("constructor");
			MixedWork.TENANT.set("left");
		}

		@Override
		public void afterPropertiesSet() {
			see("initialization");
		}

	}

	/**
	 * A factory bean.
	 */
	static class Factory implements FactoryBean<String> {

		Factory() {
			see("factory");
		}

		@Override
		public String getObject() {
			return "product " + MixedWork.TENANT.get();
		}

		@Override
		public Class<?> getObjectType() {
			return String.class;
		}

	}

}
