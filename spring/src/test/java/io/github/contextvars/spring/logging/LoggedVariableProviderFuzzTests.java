package io.github.contextvars.spring.logging;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.AppenderBase;
import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.core.ResolvableType;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.registry.ValueFormatter;
import io.github.contextvars.testsupport.Corpus;
import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Whatever a client sends as a logged value, Logback writes one line for each event.
 */
@Tag("stress")
class LoggedVariableProviderFuzzTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant");

	private static final ContextVariableRegistry VARIABLES = new ContextVariableRegistry(
			List.of(new ContextVariableRegistry.Declaration(TENANT, "Test#TENANT",
					ResolvableType.forClass(String.class), "", false, true, false, "")));

	@FuzzTest(maxDuration = "30s")
	void event(byte[] input) {
		String value = new String(input, StandardCharsets.UTF_8);

		String written = new Context().call(() -> {
			TENANT.set(value);
			return log();
		});

		requireOneLine(written, value);
	}

	@ParameterizedTest
	@MethodSource
	void bugIsFound(SeededFault bug) {
		assertThat(bug.detectedBy(Replay.class)).singleElement().isInstanceOf(AssertionError.class);
	}

	static Stream<SeededFault> bugIsFound() {
		return Stream.of(SeededFault.in(ValueFormatter.class, "if (isUnprintable(c)) {", "if (c < 0) {"),
				SeededFault.in(ValueFormatter.class, "return cut(line.toString());", "return line.toString();"),
				SeededFault.in(ValueFormatter.class, "Character.LINE_SEPARATOR, ", ""));
	}

	@Test
	void libraryWithoutBugPasses() {
		assertThat(SeededFault.NONE.detectedBy(Replay.class)).isEmpty();
	}

	private static void requireOneLine(String written, String value) {
		assertThat(written).endsWith("|end\n").hasSizeLessThanOrEqualTo(256 + 5);
		assertThat(written.chars().filter((c) -> Character.isISOControl(c) || c == '\u2028' || c == '\u2029'))
			.hasSize(1);
		if (value.matches("[ -~]{0,256}")) {
			assertThat(written).isEqualTo(value + "|end\n");
		}
	}

	private static String log() {
		LoggerContext loggerContext = new LoggerContext();
		loggerContext.setMDCAdapter(new LogbackMDCAdapter());
		PatternLayoutEncoder encoder = new PatternLayoutEncoder();
		encoder.setContext(loggerContext);
		encoder.setPattern("%X{tenant}%msg|end\n");
		encoder.setCharset(StandardCharsets.UTF_8);
		encoder.start();
		StringBuilder written = new StringBuilder();
		AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {

			@Override
			protected void append(ILoggingEvent event) {
				written.append(new String(encoder.encode(event), StandardCharsets.UTF_8));
			}

		};
		appender.setContext(loggerContext);
		appender.start();
		loggerContext.getLogger("fuzz").addAppender(appender);
		try (LoggedVariableProvider variables = LoggedVariableProvider.install(VARIABLES);
				LogbackMdcInstaller events = LogbackMdcInstaller.install(variables, loggerContext)) {
			loggerContext.getLogger("fuzz").info("");
		}
		loggerContext.stop();
		return written.toString();
	}

	static class Replay {

		@Test
		void replay() {
			Corpus.replay(LoggedVariableProviderFuzzTests.class, "event", new LoggedVariableProviderFuzzTests()::event);
		}

	}

}
