package io.github.contextvars.spring.scoped;

import java.io.IOException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

import org.aopalliance.intercept.MethodInterceptor;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aop.Advisor;
import org.springframework.aop.support.AopUtils;
import org.springframework.aop.support.NameMatchMethodPointcutAdvisor;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.Ordered;
import org.springframework.core.convert.ConversionService;
import org.springframework.core.convert.support.DefaultConversionService;
import org.springframework.expression.spel.SpelEvaluationException;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.util.InvalidMimeTypeException;
import org.springframework.util.MimeType;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextSetting;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsScopedAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;
import io.github.contextvars.spring.registry.ContextVariableRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

class ContextScopedTests {

	@ContextVariable
	static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

	@ContextVariable
	static final ContextVar<String> USER = ContextVar.of("user", "nobody");

	@ContextVariable(sensitive = true)
	static final ContextVar<String> TICKET = ContextVar.of("ticket", "none");

	@ContextVariable
	static final ContextVar<Integer> COUNT = ContextVar.of("count", 0);

	@ContextVariable
	static final ContextVar<List<Integer>> NUMBERS = ContextVar.of("numbers", List.of());

	private final ApplicationContextRunner plainRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class,
				ContextVarsTaskAutoConfiguration.class, ContextVarsScopedAutoConfiguration.class,
				AopAutoConfiguration.class, TaskExecutionAutoConfiguration.class));

	private final ApplicationContextRunner runner = this.plainRunner.withUserConfiguration(Application.class);

	@Test
	void methodRunsInCopy() {
		runAs("acme", () -> this.runner.run((context) -> {
			assertThat(context.getBean(Methods.class).scoped("changed")).isEqualTo("acme");
			assertThat(TENANT.get()).isEqualTo("acme");
		}));
	}

	@Test
	void methodWithFreshRunsInEmptyContext() {
		runAs("acme", () -> this.runner.run((context) -> {
			assertThat(context.getBean(Methods.class).fresh()).isEqualTo("none");
			assertThat(TENANT.get()).isEqualTo("acme");
		}));
	}

	@Test
	void methodWithoutAnnotationRunsInCallersContext() {
		runAs("acme", () -> this.runner.run((context) -> {
			assertThat(context.getBean(Methods.class).plain("changed")).isEqualTo("acme");
			assertThat(TENANT.get()).isEqualTo("changed");
		}));
	}

	@Test
	void packagePrivateMethodIsScoped() {
		runAs("acme", () -> this.runner.run((context) -> {
			context.getBean(Methods.class).packagePrivate("changed");
			assertThat(TENANT.get()).isEqualTo("acme");
		}));
	}

	@Test
	void methodRunsInsideOfOrderedAdviceAndOutsideOfThatOfLowestPrecedence() {
		List<String> seen = new ArrayList<>();
		runAs("acme",
				() -> this.runner
					.withBean("security", Advisor.class, () -> advisor(Ordered.LOWEST_PRECEDENCE - 1001, seen))
					.withBean("transactions", Advisor.class, () -> advisor(Ordered.LOWEST_PRECEDENCE, seen))
					.run((context) -> context.getBean(Methods.class).fresh()));

		assertThat(seen).containsExactly("acme", "none");
	}

	private static Advisor advisor(int order, List<String> seen) {
		NameMatchMethodPointcutAdvisor advisor = new NameMatchMethodPointcutAdvisor(
				(MethodInterceptor) (invocation) -> {
					seen.add(TENANT.get());
					return invocation.proceed();
				});
		advisor.setMappedName("fresh");
		advisor.setClassFilter((type) -> type == Methods.class);
		advisor.setOrder(order);
		return advisor;
	}

	@Test
	void metaAnnotationIsHonoured() {
		runAs("acme", () -> this.runner.run((context) -> {
			assertThat(context.getBean(Methods.class).meta()).isEqualTo("none");
			assertThat(TENANT.get()).isEqualTo("acme");
		}));
	}

	@Test
	void typeAppliesToItsPublicMethods() {
		runAs("acme", () -> this.runner.run((context) -> {
			TypeLevel bean = context.getBean(TypeLevel.class);
			bean.set("public");
			assertThat(TENANT.get()).isEqualTo("acme");
			bean.packagePrivateSet("package");
			assertThat(TENANT.get()).isEqualTo("package");
			assertThat(bean).hasToString("TypeLevel in package");
		}));
	}

	@Test
	void typeAppliesToMethodsThatItInherits() {
		runAs("acme", () -> this.runner.withBean(FreshSubclass.class)
			.run((context) -> assertThat(context.getBean(FreshSubclass.class).inherited()).isEqualTo("none")));
	}

	@Test
	void settingsOfTypesGoForMethodThatTheyShare() {
		this.runner.withBean(Acme.class).withBean(Globex.class).run((context) -> {
			assertThat(context.getBean(Acme.class).inherited()).isEqualTo("acme");
			assertThat(context.getBean(Globex.class).inherited()).isEqualTo("globex");
		});
	}

	@Test
	void interfaceAppliesToJdkProxyOfBean() {
		this.runner.withUserConfiguration(Clients.class).run((context) -> {
			assertThat(context.getBean("client", Client.class).call("acme")).isEqualTo("acme");
			assertThat(TENANT.get()).isEqualTo("none");
		});
	}

	@Test
	void interfaceAppliesToJdkProxyThatFactoryMakes() {
		this.runner.withBean("client", ClientFactory.class).run((context) -> {
			assertThat(context.getBean(Client.class).call("acme")).isEqualTo("acme");
			assertThat(TENANT.get()).isEqualTo("none");
		});
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void resultIsHeldWhateverTheInterfaceCallsIt(boolean proxyTargetClass) {
		this.runner.withPropertyValues("spring.aop.proxy-target-class=" + proxyTargetClass)
			.withBean(AcmeMaker.class)
			.run((context) -> assertThat(context.getBean(Maker.class).make()).isInstanceOfSatisfying(Callable.class,
					(callable) -> assertThat(callCarefully(callable)).isEqualTo("acme")));
	}

	private static Object callCarefully(Callable<?> callable) {
		try {
			return callable.call();
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void methodGoesBeforeType() {
		runAs("acme", () -> this.runner
			.run((context) -> assertThat(context.getBean(TypeLevel.class).fresh()).isEqualTo("none")));
	}

	@Test
	void superclassAppliesToSubclass() {
		runAs("acme", () -> this.runner.run((context) -> {
			context.getBean(Subclass.class).setMore("changed");
			assertThat(TENANT.get()).isEqualTo("acme");
		}));
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void interfaceAppliesToWhatImplementsIt(boolean proxyTargetClass) {
		runAs("acme", () -> this.runner.withPropertyValues("spring.aop.proxy-target-class=" + proxyTargetClass)
			.run((context) -> {
				Importer importer = context.getBean(Importer.class);
				assertThat(AopUtils.isCglibProxy(importer)).isEqualTo(proxyTargetClass);
				assertThat(ContextVariableRegistry.of(context.getBeanFactory()).find("source")).isNotNull();
				importer.importAll("changed");
				assertThat(TENANT.get()).isEqualTo("acme");
				context.getBean(Single.class).unscoped("plain");
				assertThat(TENANT.get()).isEqualTo("plain");
				context.getBean(Single.class).single("changed");
				assertThat(TENANT.get()).isEqualTo("plain");
			}));
	}

	@Test
	void settingsAreMadeFromArgumentsAndBeansBeforeTheMethodRuns() {
		runAs("acme", () -> this.runner.run((context) -> {
			Methods bean = context.getBean(Methods.class);
			assertThat(bean.set(new Order("globex"))).isEqualTo("globex");
			assertThat(bean.setByPosition("initech")).isEqualTo("initech");
			assertThat(bean.setFresh()).isEqualTo("public, null");
			assertThat(bean.setFromBean()).isEqualTo("of TypeLevel in acme");
			assertThat(TENANT.get()).isEqualTo("acme");
		}));
	}

	@Test
	void settingsAreConvertedToTheVariablesType() {
		this.runner.run((context) -> {
			Methods bean = context.getBean(Methods.class);
			assertThat(bean.setCount()).isEqualTo(12);
			assertThat(bean.setCount(new Order("13"))).isEqualTo(13);
			assertThat(bean.setCountToNull()).isNull();
			assertThat(bean.setNumbers()).isEqualTo(6);
			assertThat(bean.setByPosition(14)).isEqualTo("14");
		});
	}

	@Test
	void settingsAreConvertedByTheApplicationsConversionService() {
		this.runner.withBean("conversionService", ConversionService.class, () -> {
			DefaultConversionService service = new DefaultConversionService();
			service.addConverter(Order.class, Integer.class, (order) -> order.tenant().length());
			return service;
		}).run((context) -> assertThat(context.getBean(Methods.class).setCountToOrder(new Order("acme"))).isEqualTo(4));
	}

	@Test
	void methodDoesNotRunWhenSettingCannotBeConverted() {
		this.runner.run((context) -> {
			Methods bean = context.getBean(Methods.class);
			assertThatIllegalStateException().isThrownBy(() -> bean.setCount(new Order("hunter2")))
				.withMessage("A value of type java.lang.String cannot be converted to java.lang.Integer, the type of"
						+ " the context variable 'count'")
				.withNoCause();
		});
	}

	@Test
	void methodDoesNotRunWhenSettingFails() {
		runAs("acme", () -> this.runner.run((context) -> {
			assertThatExceptionOfType(SpelEvaluationException.class)
				.isThrownBy(() -> context.getBean(Methods.class).set(null));
			assertThat(TENANT.get()).isEqualTo("acme");
		}));
	}

	@Test
	void failedSettingOfSensitiveVariableShowsNothingOfItsValue() {
		this.runner.run((context) -> assertThatIllegalStateException()
			.isThrownBy(() -> context.getBean(Methods.class).setSensitive(null))
			.withMessageContainingAll("#setSensitive", "#order.tenant", "'ticket'", "SpelEvaluationException")
			.withNoCause());
	}

	@Test
	void exceptionOfLibraryInSettingOfSensitiveVariableShowsNothingOfItsValue() {
		this.runner.run((context) -> {
			Methods bean = context.getBean(Methods.class);
			for (ThrowingCallable call : List.<ThrowingCallable>of(() -> bean.setSensitiveFromSpring("hunter2"),
					() -> bean.setSensitiveFromLibrary("hunter2"), () -> bean.setSensitiveFromJdk("hunter2"),
					() -> bean.setSensitiveFromBeanThatFailsBecauseOfSpring("hunter2"))) {
				assertThatIllegalStateException().isThrownBy(call)
					.withMessageContainingAll("'ticket'", "so no more is shown")
					.withNoCause()
					.satisfies((ex) -> assertThat(ex.toString()).doesNotContain("hunter2"));
			}
		});
	}

	@Test
	void applicationsExceptionInSettingOfSensitiveVariablePassesAsItIs() {
		this.runner.run((context) -> assertThatExceptionOfType(PlannedException.class)
			.isThrownBy(() -> context.getBean(Methods.class).setSensitiveFromFailingBean()));
	}

	@Test
	void exceptionsPassAsTheyAre() {
		runAs("acme", () -> this.runner.run((context) -> {
			IOException planned = new IOException("planned");
			assertThatExceptionOfType(IOException.class).isThrownBy(() -> context.getBean(Methods.class).fail(planned))
				.isSameAs(planned);
			assertThat(TENANT.get()).isEqualTo("acme");
		}));
	}

	@Test
	void asyncMethodIsScopedOnTheWorker() {
		runAs("acme", () -> this.runner.run((context) -> {
			assertThat(context.getBean(Methods.class).async("changed").join()).isEqualTo("acme");
			assertThat(TENANT.get()).isEqualTo("acme");
		}));
	}

	@Test
	void childContextSetsItsOwnVariables() {
		this.runner.run((parent) -> this.plainRunner.withParent(parent)
			.withUserConfiguration(Child.class)
			.run((child) -> assertThat(child.getBean(Child.class).set()).isEqualTo("acme, first")));
	}

	@Test
	void scopeIsHonouredWithoutAspectJ() {
		runAs("acme",
				() -> this.plainRunner.withClassLoader(new FilteredClassLoader("org.aspectj"))
					.withBean(Methods.class)
					.withBean(ContextScopedTests.class)
					.run((context) -> {
						context.getBean(Methods.class).scoped("changed");
						assertThat(TENANT.get()).isEqualTo("acme");
					}));
	}

	@Test
	void scopeIsHonouredWithoutBootsProxies() {
		runAs("acme", () -> this.runner.withPropertyValues("spring.aop.auto=false").run((context) -> {
			context.getBean(Methods.class).scoped("changed");
			assertThat(TENANT.get()).isEqualTo("acme");
		}));
	}

	@Test
	void scopeIsNotHonouredWhenDisabled() {
		runAs("acme", () -> this.runner.withPropertyValues("contextvars.scoped.enabled=false").run((context) -> {
			context.getBean(Methods.class).scoped("changed");
			assertThat(TENANT.get()).isEqualTo("changed");
		}));
	}

	private static void runAs(String tenant, Runnable body) {
		new Context().run(() -> {
			TENANT.set(tenant);
			body.run();
		});
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAsync
	@Import({ ContextScopedTests.class, Methods.class, Subclass.class, ImporterBean.class, SingleBean.class })
	static class Application {

		@Bean
		TypeLevel typeLevel() {
			return new TypeLevel();
		}

	}

	public static class Methods {

		@ContextScoped
		public String scoped(String value) {
			return plain(value);
		}

		@ContextScoped(fresh = true)
		public String fresh() {
			return TENANT.get();
		}

		public String plain(String value) {
			String before = TENANT.get();
			TENANT.set(value);
			return before;
		}

		@ContextScoped(set = @ContextSetting(variable = "tenant", value = "#order.tenant"))
		public String set(Order order) {
			return TENANT.get();
		}

		@ContextScoped(set = @ContextSetting(variable = "tenant", value = "#p0"))
		public String setByPosition(String tenant) {
			return TENANT.get();
		}

		@ContextScoped(fresh = true, set = { @ContextSetting(variable = "tenant", value = "'public'"),
				@ContextSetting(variable = "user", value = "null") })
		public String setFresh() {
			return TENANT.get() + ", " + USER.get();
		}

		@ContextScoped(set = @ContextSetting(variable = "tenant", value = "'of ' + @typeLevel.toString()"))
		public String setFromBean() {
			return TENANT.get();
		}

		@ContextScoped(set = @ContextSetting(variable = "ticket", value = "#order.tenant"))
		public void setSensitive(Order order) {
		}

		@ContextScoped(set = @ContextSetting(variable = "count", value = "'12'"))
		public int setCount() {
			return COUNT.get();
		}

		@ContextScoped(set = @ContextSetting(variable = "count", value = "#order.tenant"))
		public int setCount(Order order) {
			return COUNT.get();
		}

		@ContextScoped(set = @ContextSetting(variable = "count", value = "null"))
		public Integer setCountToNull() {
			return COUNT.get();
		}

		@ContextScoped(set = @ContextSetting(variable = "count", value = "{#order}[0]"))
		public int setCountToOrder(Order order) {
			return COUNT.get();
		}

		@ContextScoped(set = @ContextSetting(variable = "numbers", value = "{'1', 2, '3'}"))
		public int setNumbers() {
			int sum = 0;
			for (int number : NUMBERS.get()) {
				sum += number;
			}
			return sum;
		}

		@ContextScoped(set = @ContextSetting(variable = "tenant", value = "#p0"))
		public String setByPosition(int tenant) {
			return TENANT.get();
		}

		@ContextScoped(set = @ContextSetting(variable = "ticket",
				value = "T(org.springframework.util.MimeType).valueOf(#p0).type"))
		public void setSensitiveFromSpring(String ticket) {
		}

		@ContextScoped(set = @ContextSetting(variable = "ticket",
				value = "T(com.jayway.jsonpath.JsonPath).compile('$[' + #p0).path"))
		public void setSensitiveFromLibrary(String ticket) {
		}

		@ContextScoped(
				set = @ContextSetting(variable = "ticket", value = "T(java.time.LocalDate).parse(#p0).toString()"))
		public void setSensitiveFromJdk(String ticket) {
		}

		@ContextScoped(set = @ContextSetting(variable = "ticket", value = "@typeLevel.failBecauseOfSpring(#p0)"))
		public void setSensitiveFromBeanThatFailsBecauseOfSpring(String ticket) {
		}

		@ContextScoped(set = @ContextSetting(variable = "ticket", value = "@typeLevel.fail()"))
		public void setSensitiveFromFailingBean() {
		}

		@ContextScoped
		void packagePrivate(String value) {
			TENANT.set(value);
		}

		@Isolated
		public String meta() {
			return plain("changed");
		}

		@ContextScoped
		public void fail(Exception ex) throws Exception {
			TENANT.set("failing");
			throw ex;
		}

		@Async
		@ContextScoped
		public CompletableFuture<String> async(String value) {
			return CompletableFuture.completedFuture(plain(value));
		}

	}

	public static class Child {

		@ContextVariable
		static final ContextVar<String> DESK = ContextVar.of("desk", "none");

		@ContextScoped(set = { @ContextSetting(variable = "tenant", value = "'acme'"),
				@ContextSetting(variable = "desk", value = "'first'") })
		public String set() {
			return TENANT.get() + ", " + DESK.get();
		}

	}

	@SuppressWarnings("serial")
	static final class PlannedException extends RuntimeException {

		PlannedException() {
		}

		PlannedException(Throwable cause) {
			super(cause);
		}

	}

	public record Order(String tenant) {

	}

	@ContextScoped(fresh = true)
	@Retention(RetentionPolicy.RUNTIME)
	@interface Isolated {

	}

	@ContextScoped
	public static class TypeLevel {

		public void set(String value) {
			TENANT.set(value);
		}

		void packagePrivateSet(String value) {
			TENANT.set(value);
		}

		@ContextScoped(fresh = true)
		public String fresh() {
			return TENANT.get();
		}

		@ContextScoped(fresh = true)
		public String failBecauseOfSpring(String type) {
			try {
				return MimeType.valueOf(type).getType();
			}
			catch (InvalidMimeTypeException ex) {
				throw new PlannedException(ex);
			}
		}

		@ContextScoped(fresh = true)
		public String fail() {
			throw new PlannedException();
		}

		@Override
		public String toString() {
			return "TypeLevel in " + TENANT.get();
		}

	}

	@ContextScoped
	abstract static class Superclass {

	}

	public static class Subclass extends Superclass {

		public void setMore(String value) {
			TENANT.set(value);
		}

	}

	@ContextScoped
	interface Importer {

		void importAll(String value);

	}

	static class ImporterBean implements Importer {

		@ContextVariable
		static final ContextVar<String> SOURCE = ContextVar.of("source");

		@Override
		public void importAll(String value) {
			TENANT.set(value);
		}

	}

	interface Single {

		@ContextScoped
		void single(String value);

		void unscoped(String value);

	}

	static class SingleBean implements Single {

		@Override
		public void single(String value) {
			TENANT.set(value);
		}

		@Override
		public void unscoped(String value) {
			TENANT.set(value);
		}

	}

	public static class Unannotated {

		public String inherited() {
			return TENANT.get();
		}

	}

	@ContextScoped(fresh = true)
	public static class FreshSubclass extends Unannotated {

	}

	@ContextScoped(set = @ContextSetting(variable = "tenant", value = "'acme'"))
	public static class Acme extends Unannotated {

	}

	@ContextScoped(set = @ContextSetting(variable = "tenant", value = "'globex'"))
	public static class Globex extends Unannotated {

	}

	interface Client {

		@ContextScoped(set = @ContextSetting(variable = "tenant", value = "#tenant"))
		String call(String tenant);

	}

	static class ClientFactory implements FactoryBean<Client> {

		@Override
		public Client getObject() {
			return (Client) Proxy.newProxyInstance(Client.class.getClassLoader(), new Class<?>[] { Client.class },
					(proxy, method, arguments) -> method.getName().equals("hashCode") ? 1 : TENANT.get());
		}

		@Override
		public Class<?> getObjectType() {
			return Client.class;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Clients {

		@Bean
		Client client() {
			return new ClientFactory().getObject();
		}

	}

	interface Maker<T> {

		T make();

	}

	static class AcmeMaker implements Maker<Callable<String>> {

		@Override
		@ContextScoped(set = @ContextSetting(variable = "tenant", value = "'acme'"))
		public Callable<String> make() {
			return TENANT::get;
		}

	}

}
