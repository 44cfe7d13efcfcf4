package io.github.contextvars.spring;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Rules of the architecture, with those of Spring Boot's own build that apply.
 */
class ArchitectureTests {

	private static final String ROOT = "io.github.contextvars.spring";

	private static final JavaClasses CLASSES = new ClassFileImporter()
		.withImportOption(new ImportOption.DoNotIncludeTests())
		.importPackages(ROOT);

	// Exceptions and enums are so by nature; InvalidDeclarationException holds texts
	// only.
	private static final ArchRule NOTHING_IS_SERIALIZABLE = ArchRuleDefinition.noClasses()
		.that()
		.areNotAssignableTo(Throwable.class)
		.and()
		.areNotEnums()
		.should(ArchCondition.from(DescribedPredicate.describe("be serializable", ArchitectureTests::isSerializable)));

	@Test
	void thereIsSomethingToCheck() {
		assertThat(CLASSES).hasSizeGreaterThan(20);
	}

	@Test
	void packagesHaveNoCycles() {
		SlicesRuleDefinition.slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(CLASSES);
	}

	@Test
	void packagesDependOnEachOtherAsDrawn() throws IOException {
		Map<String, Set<String>> actual = new TreeMap<>();
		for (JavaClass type : CLASSES) {
			Set<String> targets = actual.computeIfAbsent(packageOf(type), (key) -> new TreeSet<>());
			type.getDirectDependenciesFromSelf()
				.stream()
				.map(Dependency::getTargetClass)
				.filter((target) -> target.getPackageName().startsWith(ROOT + "."))
				.map(ArchitectureTests::packageOf)
				.filter((target) -> !target.equals(packageOf(type)))
				.forEach(targets::add);
		}

		assertThat(actual).isEqualTo(drawn(Files.readString(Path.of("../ARCHITECTURE.md"))));
	}

	// Lines such as 'registry → annotation, work'.
	private static Map<String, Set<String>> drawn(String page) {
		Map<String, Set<String>> drawn = new TreeMap<>();
		Matcher line = Pattern.compile("(?m)^([a-z.]+) +→ ?(.*)$").matcher(page);
		while (line.find()) {
			Set<String> targets = new TreeSet<>();
			for (String target : line.group(2).split(",")) {
				if (!target.isBlank()) {
					targets.add(target.strip());
				}
			}
			drawn.put(line.group(1), targets);
		}
		return drawn;
	}

	private static String packageOf(JavaClass type) {
		return type.getPackageName().substring(ROOT.length() + 1);
	}

	@Test
	void frameworkModuleDoesNotDependOnBoot() {
		ArchRuleDefinition.noClasses()
			.that()
			.resideOutsideOfPackage(ROOT + ".boot..")
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("org.springframework.boot..", ROOT + ".boot..")
			.check(CLASSES);
	}

	@Test
	void publicTypesOfAutoConfigureAreTheIndex() {
		assertThat(publicTypes(ROOT + ".boot.")).containsExactlyInAnyOrder("boot.actuate.ContextVarsEndpoint",
				"boot.actuate.ContextVarsEndpointWebExtension", "boot.autoconfigure.ContextVarsEndpointProperties",
				"boot.autoconfigure.ContextVarsProperties");
	}

	@Test
	void publicTypesAreFew() {
		assertThat(publicTypes(ROOT + ".")).hasSizeLessThanOrEqualTo(52);
	}

	// Configurations are the entrance for applications without Boot, and not counted.
	private static List<String> publicTypes(String prefix) {
		return CLASSES.stream()
			.filter((type) -> type.getName().startsWith(prefix) && type.isTopLevelClass())
			.filter((type) -> type.getModifiers().contains(JavaModifier.PUBLIC))
			.filter((type) -> !type.isMetaAnnotatedWith(Configuration.class))
			.map((type) -> type.getName().substring(ROOT.length() + 1))
			.toList();
	}

	@Test
	void configurationsHaveNoProxies() {
		for (JavaClass type : CLASSES) {
			if (type.isAnnotatedWith(Configuration.class)) {
				assertThat(type.getAnnotationOfType(Configuration.class).proxyBeanMethods()).as(type.getName())
					.isFalse();
			}
		}
	}

	@Test
	void conditionalOnMissingBeanStandsOnTheBeansThatAreDocumentedAsReplaceable() throws IOException {
		List<String> replaceable = CLASSES.stream()
			.flatMap((type) -> type.getMethods().stream())
			.filter((method) -> method.isAnnotatedWith(ConditionalOnMissingBean.class))
			.map(JavaMethod::getName)
			.sorted()
			.toList();

		assertThat(replaceable).containsExactly("contextVarsEndpoint", "contextVarsEndpointWebExtension",
				"contextVarsFilterRegistration");
		assertThat(Files.readString(Path.of("../ARCHITECTURE.md"))).contains(replaceable);
	}

	@Test
	void autoConfigurationsArePublicAndFinalWithoutPublicMembers() {
		ArchRuleDefinition.classes()
			.that()
			.areAnnotatedWith(AutoConfiguration.class)
			.should()
			.bePublic()
			.andShould()
			.haveModifier(JavaModifier.FINAL)
			.andShould(haveNoPublicMembers())
			.check(CLASSES);
	}

	@Test
	void beanMethodsAreNotPublic() {
		ArchRuleDefinition.methods().that().areAnnotatedWith(Bean.class).should().notBePublic().check(CLASSES);
	}

	// All methods of a configuration are loaded with the first one, and with their types.
	@Test
	void beanMethodsHaveNoClassConditions() {
		ArchRule noCondition = ArchRuleDefinition.methods()
			.that()
			.areAnnotatedWith(Bean.class)
			.should()
			.notBeAnnotatedWith(ConditionalOnClass.class)
			.andShould()
			.notBeAnnotatedWith(ConditionalOnMissingClass.class)
			.andShould()
			.notBeAnnotatedWith(Conditional.class);
		noCondition.check(CLASSES);
	}

	@Test
	void postProcessorsAreStatic() {
		ArchRuleDefinition.methods()
			.that()
			.areAnnotatedWith(Bean.class)
			.and()
			.haveRawReturnType(DescribedPredicate.describe("post-processor",
					(type) -> type.isAssignableTo(BeanPostProcessor.class)
							|| type.isAssignableTo(BeanFactoryPostProcessor.class)))
			.should()
			.beStatic()
			.allowEmptyShould(true)
			.check(CLASSES);
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
	void nothingIsSerializable() {
		NOTHING_IS_SERIALIZABLE.check(CLASSES);
	}

	@Test
	void nothingIsSerializableDetectsTypesAndLambdas() {
		JavaClasses faulty = new ClassFileImporter().importClasses(SerializableType.class, SerializableLambda.class);

		List<String> violations = NOTHING_IS_SERIALIZABLE.evaluate(faulty).getFailureReport().getDetails();

		assertThat(violations).hasSize(2);
	}

	private static boolean isSerializable(JavaClass type) {
		return type.isAssignableTo(Serializable.class)
				|| type.getMethods().stream().anyMatch((method) -> method.getName().equals("$deserializeLambda$"));
	}

	private static ArchCondition<JavaClass> haveNoPublicMembers() {
		return new ArchCondition<>("have no public members") {

			@Override
			public void check(JavaClass type, ConditionEvents events) {
				for (JavaMethod method : type.getMethods()) {
					if (method.getModifiers().contains(JavaModifier.PUBLIC)) {
						events.add(SimpleConditionEvent.violated(method, method.getFullName() + " is public"));
					}
				}
			}

		};
	}

	private static final class SerializableType extends ArrayList<String> {

	}

	private static final class SerializableLambda {

		@SuppressWarnings("unused")
		private final Runnable task = (Runnable & Serializable) () -> {
		};

	}

}
