package io.github.contextvars;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Set;
import java.util.stream.Collectors;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of what the core consists of and depends on.
 */
class ArchitectureTests {

	private static final ArchRule NOTHING_IS_SERIALIZABLE = ArchRuleDefinition.classes()
		.should(ArchCondition
			.from(DescribedPredicate.describe("not be serializable", (JavaClass type) -> !isSerializable(type))));

	// The module's own classes only: its tests and what they share are in the same
	// package.
	private static final JavaClasses CORE = new ClassFileImporter()
		.importUrl(Context.class.getProtectionDomain().getCodeSource().getLocation());

	@Test
	void coreDependsOnNothingButJavaAndJSpecify() {
		ArchRuleDefinition.classes()
			.should()
			.onlyDependOnClassesThat()
			.resideInAnyPackage("java..", "org.jspecify..", "io.github.contextvars")
			.check(CORE);
	}

	@Test
	void onlyTheContractsTypesArePublic() {
		Set<String> visible = CORE.stream()
			.filter(this::isVisible)
			.map(JavaClass::getName)
			.map((name) -> name.substring("io.github.contextvars.".length()))
			.collect(Collectors.toSet());

		assertThat(visible).containsExactlyInAnyOrder("ContextVar", "Token", "Context", "Context$CallableOp",
				"Context$Scope", "ContextExecutors", "ContextFuture");
	}

	// A member of an interface is public, but no more visible than the interface.
	private boolean isVisible(JavaClass type) {
		return type.getModifiers().contains(JavaModifier.PUBLIC)
				&& type.getEnclosingClass().map(this::isVisible).orElse(true);
	}

	@Test
	void publicClassesAreFinal() {
		ArchRuleDefinition.classes()
			.that()
			.arePublic()
			.and()
			.areNotInterfaces()
			.should()
			.haveModifier(JavaModifier.FINAL)
			.check(CORE);
	}

	@Test
	void nothingIsSerializable() {
		NOTHING_IS_SERIALIZABLE.check(CORE);
	}

	@Test
	void rulesCheckTheClassesOfTheCore() {
		assertThat(CORE).hasSizeGreaterThan(10);
		assertThat(CORE.contain(PersistentMap.class)).isTrue();
		assertThat(CORE.contain(ArchitectureTests.class)).isFalse();
	}

	@Test
	void nothingIsSerializableWhenSeededDetectsTypesAndLambdas() {
		JavaClasses seeded = new ClassFileImporter().importClasses(SerializableType.class, SerializableLambda.class);

		assertThat(NOTHING_IS_SERIALIZABLE.evaluate(seeded).getFailureReport().getDetails()).hasSize(2);
	}

	private static boolean isSerializable(JavaClass type) {
		return type.isAssignableTo(Serializable.class)
				|| type.getMethods().stream().anyMatch((method) -> method.getName().equals("$deserializeLambda$"));
	}

	private static final class SerializableType extends ArrayList<String> {

	}

	private static final class SerializableLambda {

		@SuppressWarnings("unused")
		private final Runnable task = (Runnable & Serializable) () -> {
		};

	}

}
