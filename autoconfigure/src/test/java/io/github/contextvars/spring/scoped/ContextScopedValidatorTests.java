package io.github.contextvars.spring.scoped;

import java.time.LocalDate;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

import kotlin.coroutines.Continuation;
import org.apache.commons.logging.LogFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.asm.ClassReader;
import org.springframework.asm.ClassVisitor;
import org.springframework.asm.ClassWriter;
import org.springframework.asm.MethodVisitor;
import org.springframework.asm.Opcodes;
import org.springframework.asm.SpringAsmInfo;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.PriorityOrdered;
import org.springframework.core.io.support.SpringFactoriesLoader;
import org.springframework.samples.Clinic;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import reactor.core.publisher.ConnectableFlux;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextSetting;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsScopedAutoConfiguration;
import io.github.contextvars.testsupport.WithoutClass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class ContextScopedValidatorTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner().withConfiguration(
			AutoConfigurations.of(ContextVarsAutoConfiguration.class, ContextVarsScopedAutoConfiguration.class,
					AopAutoConfiguration.class, TaskExecutionAutoConfiguration.class));

	@AfterEach
	void disableAutomaticPropagation() {
		Hooks.disableAutomaticContextPropagation();
	}

	@ParameterizedTest
	@ValueSource(classes = { FinalMethod.class, PrivateMethod.class, StaticMethod.class, FinalMethodOfType.class })
	void methodThatCannotBeOverriddenDoesNotStart(Class<?> bean) {
		this.runner.withBean(bean).run((context) -> {
			FailureAnalysis analysis = analyze(context.getStartupFailure());
			assertThat(analysis.getDescription()).startsWith("@ContextScoped does nothing for the ")
				.contains(bean.getName() + "#work");
			assertThat(analysis.getAction()).contains("neither static, private nor final");
		});
	}

	@ParameterizedTest
	@ValueSource(classes = { BareFuture.class, CallableSubclass.class, FlowPublisher.class, Emitter.class,
			Connectable.class, WithoutPropagation.class })
	void resultThatCannotBeHeldDoesNotStart(Class<?> bean) {
		this.runner.withBean(bean).run((context) -> {
			FailureAnalysis analysis = analyze(context.getStartupFailure());
			assertThat(analysis.getDescription()).startsWith("@ContextScoped cannot hold for the ")
				.contains(bean.getName() + "#work");
		});
	}

	@ParameterizedTest
	@ValueSource(classes = { UnknownVariable.class, BadExpression.class, UnknownArgument.class })
	void settingThatCannotBeRightDoesNotStart(Class<?> bean) {
		this.runner.withBean(bean).withBean(Declared.class).run((context) -> {
			FailureAnalysis analysis = analyze(context.getStartupFailure());
			assertThat(analysis.getDescription()).startsWith("@ContextSetting of " + bean.getName() + "#work")
				.containsAnyOf("'tenat', which is not declared", "\"#order.\", which cannot be parsed: EL1044E",
						"names #ordre");
			assertThat(analysis.getAction()).isNotEmpty();
		});
	}

	@ParameterizedTest
	@ValueSource(classes = { UnconvertibleLiteral.class, UnconvertibleArgument.class })
	void settingThatNothingConvertsDoesNotStart(Class<?> bean) {
		this.runner.withBean(bean).withBean(Declared.class).run((context) -> {
			FailureAnalysis analysis = analyze(context.getStartupFailure());
			assertThat(analysis.getDescription()).startsWith("@ContextSetting of " + bean.getName() + "#work")
				.contains("cannot be converted to java.lang.Integer", Declared.class.getName() + "#COUNT");
			assertThat(analysis.getAction()).contains("Converter");
		});
	}

	@Test
	void settingThatMayBeConvertedStarts() {
		this.runner.withBean(Convertible.class)
			.withBean(Declared.class)
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@ParameterizedTest
	@ValueSource(classes = { Suspending.class, SuspendingType.class })
	void suspendingFunctionDoesNotStart(Class<?> bean) {
		this.runner.withBean(bean).run((context) -> {
			FailureAnalysis analysis = analyze(context.getStartupFailure());
			assertThat(analysis.getDescription())
				.startsWith("@ContextScoped cannot hold for the suspending function " + bean.getName() + "#work: ")
				.contains("add 'org.jetbrains.kotlinx:kotlinx-coroutines-reactor'");
			assertThat(analysis.getAction()).contains("remove the annotation");
		});
	}

	@Test
	void finalSuspendingFunctionDoesNotStart() {
		this.runner.withBean(FinalSuspending.class)
			.run((context) -> assertThat(analyze(context.getStartupFailure()).getDescription())
				.startsWith("@ContextScoped does nothing for the final method "));
	}

	@Test
	void suspendingFunctionsOfKotlinDoNotStart() throws Exception {
		Class<?> type = withSyntheticMethods(KotlinSuspending.class);
		this.runner.withClassLoader(type.getClassLoader())
			.withBean(type)
			.run((context) -> assertThat(analyze(context.getStartupFailure()).getDescription())
				.startsWith("@ContextScoped cannot hold for the suspending function ")
				.contains("#work: "));
	}

	@ParameterizedTest
	@ValueSource(classes = { KotlinLambda.class, KotlinBridge.class })
	void methodsOfTheCompilerAreNotChecked(Class<?> bean) throws Exception {
		Class<?> type = withSyntheticMethods(bean);
		this.runner.withClassLoader(type.getClassLoader())
			.withBean(type)
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void methodBehindBridgeIsChecked() {
		this.runner.withBean(PublicSubclass.class)
			.withBean(Declared.class)
			.run((context) -> assertThat(analyze(context.getStartupFailure()).getDescription()).contains("#work",
					"'tenat', which is not declared"));
	}

	// As Kotlin's compiler makes them.
	private static Class<?> withSyntheticMethods(Class<?> type) throws Exception {
		ClassReader reader = new ClassReader(type.getName());
		ClassWriter writer = new ClassWriter(reader, 0);
		reader.accept(new ClassVisitor(SpringAsmInfo.ASM_VERSION, writer) {

			@Override
			public MethodVisitor visitMethod(int access, String name, String descriptor, String signature,
					String[] exceptions) {
				int synthetic = name.contains("$") ? Opcodes.ACC_SYNTHETIC : 0;
				return super.visitMethod(access | synthetic, name, descriptor, signature, exceptions);
			}

		}, 0);
		byte[] code = writer.toByteArray();
		return new ClassLoader(type.getClassLoader()) {

			Class<?> define() {
				return defineClass(type.getName(), code, 0, code.length);
			}

		}.define();
	}

	@Test
	void lazyBeanOfTypeThatCannotBeReadStarts() throws Exception {
		RootBeanDefinition unreadable = new RootBeanDefinition();
		unreadable
			.setTargetType(new WithoutClass(Optional.class, Unreadable.class).loadClass(Unreadable.class.getName()));
		unreadable.setInstanceSupplier(Object::new);
		unreadable.setLazyInit(true);

		this.runner
			.withInitializer((context) -> ((BeanDefinitionRegistry) context.getBeanFactory())
				.registerBeanDefinition("unreadable", unreadable))
			.run((context) -> {
				assertThat(context).hasNotFailed();
				Class<?> type = context.getType("unreadable");
				assertThatExceptionOfType(LinkageError.class).isThrownBy(type::getDeclaredFields);
				assertThatExceptionOfType(LinkageError.class).isThrownBy(type::getDeclaredMethods);
			});
	}

	@Test
	void finalClassInPackageOfSpringDoesNotStart() {
		this.runner.withBean(Clinic.Closed.class)
			.run((context) -> assertThat(analyze(context.getStartupFailure()).getDescription())
				.contains(Clinic.Closed.class.getName() + "#work", "final"));
	}

	@Test
	void finalClassDoesNotStart() {
		this.runner.withBean(FinalClass.class)
			.run((context) -> assertThat(analyze(context.getStartupFailure()).getDescription())
				.contains(FinalClass.class.getName() + "#work", "final"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "lazy", "prototype" })
	void finalClassThatIsMadeLaterDoesNotStart(String when) {
		this.runner.withBean(FinalClass.class, FinalClass::new, (definition) -> {
			definition.setLazyInit(when.equals("lazy"));
			definition.setScope(when.equals("prototype") ? when : "singleton");
		})
			.run((context) -> assertThat(analyze(context.getStartupFailure()).getDescription())
				.contains(FinalClass.class.getName() + "#work", "final"));
	}

	@Test
	void finalClassThatFactoryMakesDoesNotStart() {
		this.runner.withBean(FinalFactory.class)
			.run((context) -> assertThat(analyze(context.getStartupFailure()).getDescription())
				.contains(FinalClass.class.getName() + "#work", "final"));
	}

	@Test
	void recordBehindScopedInterfaceDoesNotStart() {
		this.runner.withBean(RecordWorker.class)
			.run((context) -> assertThat(analyze(context.getStartupFailure()).getDescription())
				.contains(RecordWorker.class.getName() + "#work", "final"));
	}

	@Test
	void finalMethodThatAnnotatedTypeInheritsFromElsewhereStarts() {
		this.runner.withBean(Dao.class).run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void resultThatIsMoreThanItIsDeclaredToBeStaysAsItIs() {
		this.runner.withBean(Jobs.class).run((context) -> {
			assertThat(context.getBean(Jobs.class).job()).isInstanceOf(CallableJob.class);
			assertThat(context.getBean(Jobs.class).anything()).isInstanceOf(CallableJob.class);
		});
	}

	@Test
	void beanWithoutProxyDoesNotStart() {
		this.runner.withUserConfiguration(Early.class)
			.run((context) -> assertThat(analyze(context.getStartupFailure()).getDescription())
				.contains("bean 'earlyBird' has no proxy"));
	}

	@Test
	void monoStartsWithAutomaticPropagation() {
		Hooks.enableAutomaticContextPropagation();
		this.runner.withBean(WithoutPropagation.class).run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void futureOfAsyncMethodStarts() {
		this.runner.withUserConfiguration(AsyncFuture.class).run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void futureOfMethodThatAsyncTypeInheritsStarts() {
		this.runner.withUserConfiguration(AsyncFuture.class)
			.withBean(AsyncSubclass.class)
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void nothingIsCheckedWhenDisabled() {
		this.runner.withPropertyValues("contextvars.scoped.enabled=false")
			.withBean(FinalMethod.class)
			.run((context) -> assertThat(context).hasNotFailed());
	}

	private static FailureAnalysis analyze(Throwable failure) {
		assertThat(failure).isNotNull();
		return SpringFactoriesLoader.forDefaultResourceLocation()
			.load(FailureAnalyzer.class,
					SpringFactoriesLoader.FailureHandler.logging(LogFactory.getLog(ContextScopedValidatorTests.class)))
			.stream()
			.filter((analyzer) -> analyzer.getClass().getName().startsWith("io.github.contextvars"))
			.findFirst()
			.orElseThrow()
			.analyze(failure);
	}

	static class FinalMethod {

		@ContextScoped
		final void work() {
		}

	}

	static class PrivateMethod {

		@ContextScoped
		private void work() {
		}

	}

	static class StaticMethod {

		@ContextScoped
		static void work() {
		}

	}

	@ContextScoped
	public static class FinalMethodOfType {

		public final void work() {
		}

	}

	public static class Suspending {

		@ContextScoped
		public Object work(String order, Continuation<? super String> continuation) {
			return order;
		}

	}

	public static class FinalSuspending {

		@ContextScoped
		public final Object work(Continuation<? super String> continuation) {
			return "";
		}

	}

	@ContextScoped
	public static class SuspendingType {

		public Object work(Continuation<? super String> continuation) {
			return "";
		}

	}

	public static class KotlinSuspending {

		@ContextScoped
		static Object work$suspendImpl(KotlinSuspending self, Continuation<? super String> continuation) {
			return "";
		}

		@ContextScoped
		public Object work(Continuation<? super String> continuation) {
			return work$suspendImpl(this, continuation);
		}

	}

	public static class KotlinLambda {

		@ContextScoped
		private static Future<String> work$lambda$0(KotlinLambda self) {
			return new FutureTask<>(() -> "");
		}

		@ContextScoped
		public Callable<String> work() {
			return () -> work$lambda$0(this).get();
		}

	}

	@ContextScoped
	public static class KotlinBridge {

		public static Future<String> work$default(KotlinBridge self, String order, int mask, Object marker) {
			return new FutureTask<>(() -> self.work(order));
		}

		public String work(String order) {
			return order;
		}

	}

	interface Hidden {

		void work();

	}

	static class HiddenSuperclass implements Hidden {

		@Override
		@ContextScoped(set = @ContextSetting(variable = "tenat", value = "'acme'"))
		public void work() {
		}

	}

	public static class PublicSubclass extends HiddenSuperclass {

	}

	static class Declared {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@ContextVariable
		static final ContextVar<Integer> COUNT = ContextVar.of("count");

	}

	static class UnconvertibleLiteral {

		@ContextScoped(set = @ContextSetting(variable = "count", value = "'twelve'"))
		void work() {
		}

	}

	static class UnconvertibleArgument {

		@ContextScoped(set = @ContextSetting(variable = "count", value = "#date"))
		void work(LocalDate date) {
		}

	}

	static class Convertible {

		@ContextScoped(set = @ContextSetting(variable = "count", value = "#count"))
		void text(String count) {
		}

		@ContextScoped(set = @ContextSetting(variable = "count", value = "#count"))
		void number(long count) {
		}

		@ContextScoped(set = @ContextSetting(variable = "count", value = "#count"))
		void anything(Object count) {
		}

		@ContextScoped(set = @ContextSetting(variable = "count", value = "null"))
		void nothing() {
		}

	}

	static class UnknownVariable {

		@ContextScoped(set = @ContextSetting(variable = "tenat", value = "'acme'"))
		void work() {
		}

	}

	static class BadExpression {

		@ContextScoped(set = @ContextSetting(variable = "tenant", value = "#order."))
		void work(String order) {
		}

	}

	static class UnknownArgument {

		@ContextScoped(set = @ContextSetting(variable = "tenant", value = "{1, 2}.![#ordre + #this]"))
		void work(String order) {
		}

	}

	static final class FinalClass {

		@ContextScoped
		void work() {
		}

	}

	static class BareFuture {

		@ContextScoped
		Future<String> work() {
			return new FutureTask<>(() -> "");
		}

	}

	static class CallableSubclass {

		@ContextScoped
		NamedCallable work() {
			return new NamedCallable();
		}

	}

	static class NamedCallable implements Callable<String> {

		@Override
		public String call() {
			return "";
		}

	}

	static class FlowPublisher {

		@ContextScoped
		Flow.Publisher<String> work() {
			return (subscriber) -> {
			};
		}

	}

	static class Connectable {

		@ContextScoped
		ConnectableFlux<String> work() {
			return Flux.just("").publish();
		}

	}

	@ContextScoped
	interface WorkerProbe {

		void work();

	}

	record RecordWorker() implements WorkerProbe {

		@Override
		public void work() {
		}

	}

	public static class Library {

		public final void setDataSource(String source) {
		}

	}

	@ContextScoped
	public static class Dao extends Library {

		public void work() {
		}

	}

	interface Job {

	}

	static class CallableJob implements Job, Callable<String> {

		@Override
		public String call() {
			return "";
		}

	}

	static class Jobs {

		@ContextScoped
		Job job() {
			return new CallableJob();
		}

		@ContextScoped
		Object anything() {
			return new CallableJob();
		}

	}

	static class Emitter {

		@ContextScoped
		SseEmitter work() {
			return new SseEmitter();
		}

	}

	static class WithoutPropagation {

		@ContextScoped
		Mono<String> work() {
			return Mono.just("");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAsync
	static class AsyncFuture {

		@Async
		@ContextScoped
		Future<String> work() {
			return CompletableFuture.completedFuture("");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Early {

		@Bean
		static EarlyBird earlyBird() {
			return new EarlyBird();
		}

		@Bean
		static BeanPostProcessor wakesEarlyBird(EarlyBird bird) {
			return new BeanPostProcessor() {
			};
		}

	}

	static class EarlyBird implements PriorityOrdered, BeanPostProcessor {

		@ContextScoped
		void work() {
		}

		@Override
		public int getOrder() {
			return 0;
		}

	}

	static class Optional {

	}

	static class Unreadable {

		Optional optional;

		void work(Optional optional) {
		}

	}

	static class FinalFactory implements FactoryBean<FinalClass> {

		@Override
		public FinalClass getObject() {
			return new FinalClass();
		}

		@Override
		public Class<?> getObjectType() {
			return FinalClass.class;
		}

	}

	@Async
	static class AsyncSubclass extends BareFuture {

	}

}
