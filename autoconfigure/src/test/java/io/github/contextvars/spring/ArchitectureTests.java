package io.github.contextvars.spring;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import com.tngtech.archunit.base.DescribedPredicate;
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
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.context.annotation.Bean;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The rules of the house, with those of Spring Boot's own build that fit.
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
		SlicesRuleDefinition.slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CLASSES);
	}

	@Test
	void roomsDoNotImportAutoConfiguration() {
		ArchRuleDefinition.noClasses()
			.that()
			.resideOutsideOfPackage(ROOT + ".autoconfigure")
			.should()
			.dependOnClassesThat()
			.resideInAPackage(ROOT + ".autoconfigure")
			.check(CLASSES);
	}

	@Test
	void liveAndDeclareImportNoOtherRoom() {
		for (String room : Arrays.asList("live", "declare")) {
			ArchRuleDefinition.noClasses()
				.that()
				.resideInAPackage(ROOT + "." + room)
				.should()
				.dependOnClassesThat(DescribedPredicate.describe("are in another room",
						(JavaClass type) -> type.getPackageName().startsWith(ROOT + ".")
								&& !type.getPackageName().equals(ROOT + "." + room)))
				.check(CLASSES);
		}
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

	@Test
	void beanMethodsHaveNoClassConditions() {
		ArchRule noCondition = ArchRuleDefinition.methods()
			.that()
			.areAnnotatedWith(Bean.class)
			.should()
			.notBeAnnotatedWith(ConditionalOnClass.class)
			.andShould()
			.notBeAnnotatedWith(ConditionalOnMissingClass.class);
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
			.should()
			.haveModifier(JavaModifier.FINAL)
			.check(CLASSES);
	}

	@Test
	void nothingIsSerializable() {
		NOTHING_IS_SERIALIZABLE.check(CLASSES);
	}

	@Test
	void canaryNothingIsSerializableSeesTypesAndLambdas() {
		JavaClasses planted = new ClassFileImporter().importClasses(PlantedType.class, PlantedLambda.class);

		List<String> violations = NOTHING_IS_SERIALIZABLE.evaluate(planted).getFailureReport().getDetails();

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

	private static final class PlantedType extends ArrayList<String> {

	}

	private static final class PlantedLambda {

		@SuppressWarnings("unused")
		private final Runnable task = (Runnable & Serializable) () -> {
		};

	}

}
