package io.github.contextvars.spring.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import io.github.contextvars.testsupport.DocumentationPage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of the form of the documentation. Each block of Java is a whole file or region
 * ({@code // tag::name[]} to {@code // end::name[]}) of this module's tests, and each one
 * of Kotlin a region of the tests of the module for Kotlin.
 */
class DocumentationTests {

	private static final Pattern REGION = Pattern.compile("(?s)// tag::([-\\w]+)\\[]\\n(.*?)[ \\t]*// end::\\1\\[]");

	private static final Pattern OTHER_WORDS = Pattern
		.compile("(?i)\\b(carr(?:y|ies|ying)|whoever|nobody|somebody|whichever|anybody|room|canary|planted)\\b");

	private static final Pattern JAVADOC_EXAMPLE = Pattern
		.compile("(?s) \\* <pre[^>\n]*>(?:\\{@code)?\n(.*?)\n \\* }?</pre>");

	private static final Path JAVA = Path.of("src/test/java");

	private static final Path KOTLIN = Path.of("../kotlin/src/test/kotlin");

	private static final int README_LINES = 150;

	@Test
	void javaIsCompiledInThisModule() {
		Map<String, String> regions = regions(JAVA);

		assertThat(pages())
			.allSatisfy((page) -> assertThat(page.blocks("java")).as(page.file().toString()).allSatisfy((block) -> {
				assertThat(block.snippet()).as("'<!-- snippet: name -->' before\n" + block.text()).isNotNull();
				assertThat(block.text()).isEqualTo(block.snippet().endsWith(".java")
						? read(JAVA.resolve(block.snippet())) : regions.get(block.snippet()));
			}));
	}

	@Test
	void kotlinIsCompiledInItsModule() {
		Map<String, String> regions = regions(KOTLIN);

		assertThat(pages())
			.allSatisfy((page) -> assertThat(page.blocks("kotlin")).as(page.file().toString()).allSatisfy((block) -> {
				assertThat(block.snippet()).as("'<!-- snippet: name -->' before\n" + block.text()).isNotNull();
				assertThat(block.text()).isEqualTo(regions.get(block.snippet()));
			}));
	}

	@Test
	void javadocIsPartOfTheseRegions() {
		String compiled = withoutSpace(String.join("", regions(JAVA).values()));

		assertThat(Stream.of("../spring", "../test", ".").flatMap(DocumentationTests::javadocExamples)).isNotEmpty()
			.allSatisfy((example) -> assertThat(compiled).contains(example));
	}

	@Test
	void regionsAreShown() {
		Set<String> shown = new TreeSet<>();
		for (DocumentationPage page : pages()) {
			page.blocks("java").forEach((block) -> shown.add(block.snippet()));
			page.blocks("kotlin").forEach((block) -> shown.add(block.snippet()));
		}
		shown.removeIf((snippet) -> snippet.endsWith(".java"));

		assertThat(Stream.of(JAVA, KOTLIN).flatMap((directory) -> regions(directory).keySet().stream()))
			.containsExactlyInAnyOrderElementsOf(shown);
	}

	@Test
	void remediesAreRun() {
		String source = Stream
			.of(JAVA.resolve("io/github/contextvars/spring/docs/PropagationExamplesTests.java"),
					KOTLIN.resolve("io/github/contextvars/kotlin/PropagationExamplesTests.kt"))
			.map((file) -> read(file).replaceAll("\\s+", " "))
			.collect(Collectors.joining(" "));

		assertThat(DocumentationPage.read("docs/reference/propagation.md")
			.section("## What does not propagate")
			.find("(?m)^\\|.*\\| `([^`]+)` \\|$")).isNotEmpty().allSatisfy((line) -> assertThat(source).contains(line));
	}

	@Test
	void linksLeadToFilesAndHeadings() {
		assertThat(DocumentationPage.readAll(""))
			.allSatisfy((page) -> assertThat(page.links()).as(page.toString()).allSatisfy((link) -> {
				assertThat(DocumentationPage.root().resolve(link.file())).exists();
				if (!link.anchor().isEmpty()) {
					assertThat(DocumentationPage.read(link.file().toString()).anchors()).contains(link.anchor());
				}
			}));
	}

	@Test
	void pagesAreReachable() {
		Map<Path, DocumentationPage> pages = new LinkedHashMap<>();
		DocumentationPage.readAll("").forEach((page) -> pages.put(page.file(), page));
		Set<Path> reached = new LinkedHashSet<>();
		for (String index : List.of("README.md", "docs/README.md")) {
			reached.add(Path.of(index));
			pages.get(Path.of(index)).links().forEach((link) -> reached.add(link.file()));
		}

		assertThat(pages()).extracting(DocumentationPage::file).isSubsetOf(reached);
	}

	@Test
	void readmeIsShort() {
		assertThat(DocumentationPage.read("README.md").text().lines()).hasSizeLessThanOrEqualTo(README_LINES);
	}

	@Test
	void termsAreThoseOfTheField() {
		assertThat(pages())
			.allSatisfy((page) -> assertThat(OTHER_WORDS.matcher(page.text()).results().map((match) -> match.group()))
				.as(page.file().toString())
				.isEmpty());
	}

	private static List<DocumentationPage> pages() {
		return Stream
			.concat(Stream.of("README.md", "SECURITY.md", "CHANGELOG.md").map(DocumentationPage::read),
					DocumentationPage.readAll("docs").stream())
			.toList();
	}

	private static Map<String, String> regions(Path directory) {
		Map<String, String> regions = new TreeMap<>();
		try (Stream<Path> files = Files.walk(directory)) {
			for (Path file : files.filter((path) -> path.toString().matches(".*\\.(java|kt)")).toList()) {
				Matcher matcher = REGION.matcher(Files.readString(file));
				while (matcher.find()) {
					assertThat(regions.put(matcher.group(1),
							DocumentationPage.withoutIndentation(matcher.group(2).stripTrailing())))
						.as(matcher.group(1))
						.isNull();
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return regions;
	}

	private static Stream<String> javadocExamples(String module) {
		try (Stream<Path> files = Files.walk(Path.of(module, "src/main/java"))) {
			return files.filter((path) -> path.toString().endsWith(".java"))
				.flatMap((file) -> JAVADOC_EXAMPLE.matcher(read(file)).results())
				.map((match) -> withoutSpace(match.group(1).replaceAll("(?m)^ \\*", "").replace("&#64;", "@")))
				.toList()
				.stream();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static String withoutSpace(String text) {
		return text.replaceAll("\\s", "");
	}

	private static String read(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
