package io.github.contextvars.spring.docs;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import io.github.contextvars.testsupport.DocumentationPage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * docs/llms.txt has the form that llmstxt.org proposes, and lists all pages.
 */
class LlmsTextTests {

	private static final DocumentationPage FILE = DocumentationPage.read("docs/llms.txt");

	private static final Pattern FORM = Pattern
		.compile("# .+\\n\\n(> .+\\n)+\\n(\\w.+\\n)+" + "(\\n## .+\\n\\n(- \\[.+]\\(.+\\): .+\\n)+)+");

	@Test
	void formIsThatOfTheProposal() {
		assertThat(FILE.text()).matches(FORM);
	}

	@Test
	void linksAreThePagesOfTheDocumentation() {
		Stream<DocumentationPage> pages = DocumentationPage.readAll("docs")
			.stream()
			.filter((page) -> !page.file().endsWith("README.md"));

		assertThat(FILE.links()).extracting(DocumentationPage.Target::file)
			.containsExactlyInAnyOrderElementsOf(pages.map(DocumentationPage::file).toList());
	}

	@Test
	void versionIsThatOfTheBuild() {
		List<String> versions = DocumentationPage.read("pom.xml").find("<version>([^<]+)</version>");

		assertThat(FILE.text()).contains("version " + versions.get(0) + ",");
	}

}
