package io.github.contextvars.spring.scoped;

import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import java.util.stream.Stream;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.AnnotationUtils;
import org.springframework.expression.ParseException;
import org.springframework.util.ReflectionUtils;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.registry.InvalidDeclarationException;
import io.github.contextvars.testsupport.Corpus;
import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Whatever an annotation says, it is either understood when the application starts or
 * refused with a description and an action. Expressions are parsed only: to evaluate them
 * would run them.
 */
@Tag("stress")
class ScopeSettingsFuzzTests {

	private static final Method METHOD = ReflectionUtils.findMethod(ScopeSettingsFuzzTests.class, "fulfil",
			String.class);

	private final ScopeSettings settings = new ScopeSettings(
			() -> new ContextVariableRegistry(List.of(new ContextVariableRegistry.Declaration(ContextVar.of("tenant"),
					"Test#TENANT", ResolvableType.forClass(String.class), "", false, false, false, ""))),
			new DefaultListableBeanFactory());

	@FuzzTest(maxDuration = "30s")
	void parse(byte[] input) {
		String text = new String(input, StandardCharsets.UTF_8);

		requireUnderstoodOrRefused((expression) -> parse("tenant", expression), text);
		boolean known = requireUnderstoodOrRefused((variable) -> parse(variable, "#p0"), text);

		assertThat(known).isEqualTo(text.equals("tenant"));
	}

	@ParameterizedTest
	@MethodSource
	void bugIsFound(SeededFault bug, Class<?> complaint) {
		assertThat(bug.detectedBy(Replay.class)).singleElement().isInstanceOf(complaint);
	}

	static Stream<Arguments> bugIsFound() {
		String guard = "catch (RuntimeException | StackOverflowError ex) {";
		return Stream.of(
				Arguments.of(SeededFault.in(ScopeSettings.class, guard,
						"catch (IllegalArgumentException | StackOverflowError ex) {"), ParseException.class),
				Arguments.of(SeededFault.in(ScopeSettings.class, guard, "catch (RuntimeException ex) {"),
						StackOverflowError.class),
				Arguments.of(SeededFault.in(ScopeSettings.class, "find(annotation.variable())",
						"find(annotation.variable().toLowerCase())"), AssertionError.class));
	}

	@Test
	void libraryWithoutBugPasses() {
		assertThat(SeededFault.NONE.detectedBy(Replay.class)).isEmpty();
	}

	// The parser nests the sums without recursion.
	@Test
	void longExpressionIsUnderstoodWithLittleStack() throws Exception {
		parse("tenant", "1+1");
		FutureTask<?> parsing = new FutureTask<>(() -> parse("tenant", "1" + "+1".repeat(4_999)), null);

		new Thread(null, parsing, "little stack", 256 * 1024).start();

		assertThat(parsing).succeedsWithin(Duration.ofSeconds(30));
	}

	void fulfil(String order) {
	}

	private void parse(String variable, String expression) {
		ContextScoped scoped = AnnotationUtils.synthesizeAnnotation(
				Map.of("set", new Map<?, ?>[] { Map.of("variable", variable, "value", expression) }),
				ContextScoped.class, null);
		assertThat(this.settings.parse(scoped, METHOD)).hasSize(1);
	}

	private static boolean requireUnderstoodOrRefused(Consumer<String> parser, String text) {
		try {
			parser.accept(text);
			return true;
		}
		catch (InvalidDeclarationException ex) {
			assertThat(ex.getMessage()).startsWith("@ContextSetting of ");
			assertThat(ex.action()).isNotBlank();
			return false;
		}
	}

	static class Replay {

		@Test
		void replay() {
			Corpus.replay(ScopeSettingsFuzzTests.class, "parse", new ScopeSettingsFuzzTests()::parse);
		}

	}

}
