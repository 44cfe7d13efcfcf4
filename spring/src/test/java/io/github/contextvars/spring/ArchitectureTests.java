package io.github.contextvars.spring;

import java.util.List;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Rules of the module's architecture. Those for beans and for the arrows between packages
 * are tested where Boot's annotations are, in the module {@code autoconfigure}.
 */
class ArchitectureTests {

	private static final String ROOT = "io.github.contextvars.spring.";

	/**
	 * The index of the library: what an application names.
	 */
	private static final List<String> INDEX = List.of("annotation.ContextScoped", "annotation.ContextSetting",
			"annotation.ContextVariable", "annotation.FromContext", "fill.AuthenticationContextInitializer",
			"messaging.FromContextArgumentResolver", "registry.ContextVariableRegistry", "remote.RemoteTrust",
			"registry.InvalidDeclarationException", "registry.OutsideContextPolicy", "rpc.ContextRSocketInterceptors",
			"rpc.ContextServerInterceptor", "task.ContextTaskDecorator", "threadlocal.ContextThreadLocal",
			"threadlocal.ReactorContextVars", "web.reactive.ContextHttpHandlerDecorator",
			"web.reactive.ServerRequestContextInitializer", "web.servlet.AuthenticationContextFilter",
			"web.servlet.ContextFilter", "web.servlet.RequestContextInitializer",
			"web.servlet.FromContextArgumentResolver", "work.PropagationSource", "work.UnitOfWork", "work.WorkRegistry",
			"work.WorkSnapshot");

	/**
	 * Public because what loads them by their names, or calls them by reflection, needs
	 * them to be.
	 */
	private static final List<String> SERVICES = List.of("logging.Log4j2ContextDataProvider",
			"quartz.ContextThreadPool", "remote.RemoteFeignCapability", "threadlocal.ContextThreadLocalAccessor");

	/**
	 * Public for the library's other packages only.
	 */
	private static final List<String> INTERNAL = List.of("fill.AuthenticationFiller", "fill.FillRules",
			"fill.FilledValues", "fill.RejectedValueException", "registry.BeanTypes",
			"registry.CachingAnnotationClassFilter", "registry.VariableConversion", "fill.HttpHeaderValues",
			"remote.RemoteDrops", "remote.RemoteExchangeFilter", "remote.RemoteReceiver", "registry.ValueFormatter",
			"work.ConditionalOnPresent", "web.FromContextValidator", "web.ProblemDetails", "work.RunningApplications",
			"work.ThreadBoundScope", "work.ThreadLocalPropagation", "work.WorkRecorder");

	private static final JavaClasses CLASSES = new ClassFileImporter()
		.withImportOption(new ImportOption.DoNotIncludeTests())
		.importPackages("io.github.contextvars.spring");

	@Test
	void publicTypesAreTheIndexTheServicesAndTheInternalOnes() {
		assertThat(publicTypes(false)).containsAll(INDEX).containsAll(SERVICES).containsAll(INTERNAL);
		assertThat(publicTypes(false)).hasSize(INDEX.size() + SERVICES.size() + INTERNAL.size());
	}

	@Test
	void publicConfigurationsAreOneForEachPackage() {
		assertThat(publicTypes(true)).containsExactlyInAnyOrder("fill.ContextFillConfiguration",
				"graphql.ContextGraphQlConfiguration", "threadlocal.ContextReactorConfiguration",
				"threadlocal.ContextThreadLocalConfiguration", "integration.ContextIntegrationConfiguration",
				"jfr.ContextJfrConfiguration", "logging.ContextLoggingConfiguration",
				"messaging.ContextMessagingConfiguration", "messaging.FromContextConfiguration",
				"observation.ContextObservationConfiguration", "registry.ContextVariableConfiguration",
				"quartz.ContextQuartzConfiguration", "remote.ContextRemoteConfiguration",
				"messaging.RedisContextConfiguration", "resilience.ContextResilienceConfiguration",
				"rpc.ContextGrpcConfiguration", "rpc.ContextRSocketConfiguration", "scoped.ContextScopedConfiguration",
				"task.ContextTaskConfiguration", "web.reactive.ContextWebFluxConfiguration",
				"web.servlet.ContextWebConfiguration", "web.socket.ContextWebSocketConfiguration",
				"work.AdvisorConfiguration", "work.WorkConfiguration");
	}

	@Test
	void publicClassesAreFinal() {
		ArchRuleDefinition.classes()
			.that()
			.arePublic()
			.and()
			.areNotInterfaces()
			.and()
			.areNotEnums()
			.and()
			.doNotHaveModifier(JavaModifier.ABSTRACT)
			.should()
			.haveModifier(JavaModifier.FINAL)
			.check(CLASSES);
	}

	@Test
	void annotationPackageHoldsAnnotationsOnly() {
		assertThat(CLASSES).filteredOn((type) -> type.getPackageName().equals(ROOT + "annotation"))
			.filteredOn((type) -> !type.getSimpleName().equals("package-info"))
			.isNotEmpty()
			.allMatch(JavaClass::isAnnotation);
	}

	private static List<String> publicTypes(boolean configurations) {
		return CLASSES.stream()
			.filter(JavaClass::isTopLevelClass)
			.filter((type) -> type.getModifiers().contains(JavaModifier.PUBLIC))
			.filter((type) -> type.isMetaAnnotatedWith(Configuration.class) == configurations)
			.map((type) -> type.getName().substring(ROOT.length()))
			.toList();
	}

}
