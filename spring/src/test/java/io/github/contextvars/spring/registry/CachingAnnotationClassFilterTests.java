package io.github.contextvars.spring.registry;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.contextvars.testsupport.WithoutClass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class CachingAnnotationClassFilterTests {

	private final CachingAnnotationClassFilter types = new CachingAnnotationClassFilter(
			List.of(Marked.class, Other.class));

	@ParameterizedTest
	@ValueSource(classes = { OnType.class, OnMethod.class, OnPrivateMethod.class, OnSecondMethod.class, Composed.class,
			OtherOnMethod.class, Subclass.class, Subsubclass.class, Implementation.class, DeepImplementation.class,
			SubclassOfImplementation.class, Annotated.class, Role.class })
	void matchesWhenAnnotatedAnywhere(Class<?> type) {
		assertThat(this.types.matches(type)).isTrue();
		assertThat(this.types.matches(type)).isTrue();
	}

	@ParameterizedTest
	@ValueSource(classes = { Plain.class, WithOtherAnnotations.class, ArrayList.class, Object.class, Runnable.class,
			int.class, OnType[].class })
	void matchesNotWhenAnnotatedNowhere(Class<?> type) {
		assertThat(this.types.matches(type)).isFalse();
		assertThat(this.types.matches(type)).isFalse();
	}

	@Test
	void matchesSubclassWhateverWasAskedBefore() {
		assertThat(this.types.matches(Plain.class)).isFalse();
		assertThat(this.types.matches(PlainButImplements.class)).isTrue();
		assertThat(this.types.matches(Plain.class)).isFalse();
	}

	@Test
	void matchesNothingWithoutAnnotations() {
		CachingAnnotationClassFilter none = new CachingAnnotationClassFilter(List.of());

		assertThat(none.matches(OnType.class)).isFalse();
	}

	@Test
	void matchesNotWhenMethodsCannotBeRead() throws Exception {
		ClassLoader loader = new WithoutClass(Missing.class, Broken.class, MarkedAndBroken.class);
		Class<?> broken = loader.loadClass(Broken.class.getName());
		Class<?> marked = loader.loadClass(MarkedAndBroken.class.getName());

		assertThatExceptionOfType(LinkageError.class).isThrownBy(broken::getDeclaredMethods);
		assertThat(this.types.matches(broken)).isFalse();
		assertThat(this.types.matches(marked)).isTrue();
	}

	@Retention(RetentionPolicy.RUNTIME)
	@interface Marked {

	}

	@Retention(RetentionPolicy.RUNTIME)
	@interface Other {

	}

	@Marked
	@Retention(RetentionPolicy.RUNTIME)
	@interface MetaMarked {

	}

	@MetaMarked
	@Retention(RetentionPolicy.RUNTIME)
	@interface MetaMetaMarked {

	}

	@Marked
	static class OnType {

	}

	static class OnMethod {

		@Marked
		void work() {
		}

	}

	static class OnPrivateMethod {

		@Marked
		@SuppressWarnings("UnusedMethod")
		private void work() {
		}

	}

	static class OnSecondMethod {

		@Deprecated
		void first() {
		}

		@Deprecated
		@Marked
		void second() {
		}

	}

	static class OtherOnMethod {

		@Other
		void work() {
		}

	}

	@MetaMetaMarked
	static class Composed {

	}

	static class Subclass extends OnMethod {

	}

	static class Subsubclass extends Subclass {

		@Override
		void work() {
		}

	}

	interface Role {

		@MetaMarked
		void play();

	}

	interface SubRole extends Role {

	}

	static class Implementation implements Role {

		@Override
		public void play() {
		}

	}

	static class DeepImplementation implements Runnable, SubRole {

		@Override
		public void play() {
		}

		@Override
		public void run() {
		}

	}

	static class SubclassOfImplementation extends DeepImplementation {

	}

	@Marked
	interface Annotated {

	}

	static class Plain {

		void work() {
		}

	}

	static class PlainButImplements extends Plain implements Annotated {

	}

	@Deprecated
	static class WithOtherAnnotations {

		@Deprecated
		void work() {
		}

	}

	static class Missing {

	}

	static class Broken {

		void work(Missing argument) {
		}

	}

	@MetaMarked
	static class MarkedAndBroken extends Broken {

	}

}
