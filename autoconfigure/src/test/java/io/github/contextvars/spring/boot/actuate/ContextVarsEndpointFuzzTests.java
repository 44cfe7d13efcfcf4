package io.github.contextvars.spring.boot.actuate;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.actuate.endpoint.Show;
import org.springframework.core.ResolvableType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.registry.ValueFormatter;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.testsupport.Corpus;
import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Whatever is asked for, and whatever a client has put into a variable, the answer can be
 * written and says what is there.
 */
@Tag("stress")
class ContextVarsEndpointFuzzTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant");

	private static final ContextVar<String> TICKET = ContextVar.of("ticket");

	private final WorkRegistry live = WorkRegistry.tracking();

	private final ContextVarsEndpoint endpoint = new ContextVarsEndpoint(
			new ContextVariableRegistry(List.of(declaration(TENANT, false), declaration(TICKET, true))), this.live,
			ContextVarsEndpointTests.NO_ACCESS, ContextVarsEndpointTests.NO_PROPAGATION, List.of(), Show.ALWAYS);

	private final JsonMapper mapper = new JsonMapper();

	@FuzzTest(maxDuration = "30s")
	void answer(byte[] input) {
		String text = new String(input, StandardCharsets.UTF_8);

		ContextVarsEndpoint.ContextVarsDescriptor selected = this.endpoint.contextVar(text);

		assertThat(selected != null).isEqualTo(text.equals("tenant") || text.equals("ticket"));
		requireAnswer(this.mapper.writeValueAsBytes(describeWith(text)), text);
	}

	@ParameterizedTest
	@MethodSource
	void bugIsFound(SeededFault bug) {
		assertThat(bug.detectedBy(Replay.class)).singleElement().isInstanceOf(AssertionError.class);
	}

	static Stream<SeededFault> bugIsFound() {
		return Stream.of(
				SeededFault.in(ContextVarsEndpoint.class, "this.variables.find(variable) == null",
						"this.variables.names().stream().noneMatch((name) -> name.startsWith(variable))"),
				SeededFault.in(ContextVarsEndpoint.class, "if (this.variables.isSensitive(variable)) {",
						"if (this.variables.find(variable.name()) == null) {"),
				SeededFault.in(ValueFormatter.class, "return cut(text);", "return text;"));
	}

	@Test
	void libraryWithoutBugPasses() {
		assertThat(SeededFault.NONE.detectedBy(Replay.class)).isEmpty();
	}

	private ContextVarsEndpoint.ContextVarsDescriptor describeWith(String value) {
		UnitOfWork work = this.live.create(UnitOfWork.Kind.REQUEST, () -> "GET /" + value, null, new Context());
		try (Context.Scope scope = this.live.enter(work)) {
			TENANT.set(value);
			TICKET.set(value);
			return this.endpoint.contextVars();
		}
	}

	private void requireAnswer(byte[] json, String value) {
		JsonNode context = this.mapper.readTree(json).get("contexts").get(0);
		String shown = context.get("variables").get("tenant").asString();
		assertThat(shown).hasSizeLessThanOrEqualTo(256);
		assertThat(value).startsWith(shown);
		assertThat(shown.length()).isGreaterThanOrEqualTo(Math.min(value.length(), 255));
		assertThat(context.get("variables").get("ticket").asString()).isEqualTo("******");
	}

	private static ContextVariableRegistry.Declaration declaration(ContextVar<?> variable, boolean sensitive) {
		return new ContextVariableRegistry.Declaration(variable, "Test#FIELD", ResolvableType.forClass(String.class),
				"", sensitive, false, false, "");
	}

	static class Replay {

		@Test
		void replay() {
			Corpus.replay(ContextVarsEndpointFuzzTests.class, "answer", new ContextVarsEndpointFuzzTests()::answer);
		}

	}

}
