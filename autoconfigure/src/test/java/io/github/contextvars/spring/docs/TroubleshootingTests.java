package io.github.contextvars.spring.docs;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import io.github.contextvars.testsupport.DocumentationPage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * docs/how-to/troubleshooting.md explains each message of the library, and no other.
 */
class TroubleshootingTests {

	private static final DocumentationPage PAGE = DocumentationPage.read("docs/how-to/troubleshooting.md");

	@Test
	void messagesAreThoseOfTheLibrary() throws Exception {
		Set<String> messages = LibraryMessages.read(DocumentationPage.root());
		List<String> explained = Stream.of("## Messages while the application runs", "## Messages on startup")
			.flatMap((heading) -> PAGE.section(heading).find("(?m)^(?:###|\\|) `([^`]+)`").stream())
			.toList();

		assertThat(explained).doesNotHaveDuplicates()
			.allSatisfy((start) -> assertThat(messages).anyMatch((message) -> message.startsWith(start)));
		assertThat(messages).allSatisfy((message) -> assertThat(explained).as(message).anyMatch(message::startsWith));
	}

}
