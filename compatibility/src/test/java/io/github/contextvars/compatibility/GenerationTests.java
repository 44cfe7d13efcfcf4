package io.github.contextvars.compatibility;

import java.io.File;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringBootVersion;
import org.springframework.core.SpringVersion;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The starter brings no library of another generation.
 */
class GenerationTests {

	private static final String FRAMEWORK = "spring-(?:aop|aspects|beans|context|context-support|core|expression|jcl"
			+ "|jms|messaging|tx|web|webflux|webmvc|websocket)";

	@Test
	void allModulesOfSpringBootHaveOneVersion() {
		assertThat(versions("spring-boot(?:-[a-z]\\w*)*")).contains(SpringBootVersion.getVersion()).hasSize(1);
	}

	@Test
	void allModulesOfSpringFrameworkHaveOneVersion() {
		assertThat(versions(FRAMEWORK)).contains(SpringVersion.getVersion()).hasSize(1);
	}

	private static List<String> versions(String module) {
		Pattern jar = Pattern.compile(module + "-(\\d.*)\\.jar");
		return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
			.map((path) -> jar.matcher(new File(path).getName()))
			.filter(Matcher::matches)
			.map((match) -> match.group(1))
			.distinct()
			.toList();
	}

}
