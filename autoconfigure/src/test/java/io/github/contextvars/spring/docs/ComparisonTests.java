package io.github.contextvars.spring.docs;

import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.github.contextvars.testsupport.DocumentationPage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The figures of docs/explanation/comparison.md are those of docs/project/performance.md.
 */
class ComparisonTests {

	private static final DocumentationPage PAGE = DocumentationPage.read("docs/explanation/comparison.md");

	private static final DocumentationPage PERFORMANCE = DocumentationPage.read("docs/project/performance.md");

	private static final Pattern COMPARED = Pattern
		.compile("(?m)^\\| ([^|]+) \\| ([\\d,.]*) ?\\| ([\\d,.]*) ?\\| ([\\d,.]*) ?\\|$");

	// The column of ten variables.
	private static final Pattern MEASURED = Pattern.compile("(?m)^\\| ([^|]+) \\| [^|]+ \\| ([\\d,.]+) \\|.*$");

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			2 | ### Reading variables that are set, ns
			3 | ### Setting and restoring, ns
			4 | ### Capturing, and running a task that does nothing, ns
			""")
	void tableHasTheFiguresOfTenVariables(int column, String section) {
		Map<String, String> compared = figures(COMPARED, PAGE, column);

		assertThat(compared).containsExactlyInAnyOrderEntriesOf(figures(MEASURED, PERFORMANCE.section(section), 2));
	}

	@Test
	void textHasFiguresThatWereMeasured() {
		assertThat(PAGE.find("([\\d,.]+ ns)")).isNotEmpty()
			.allSatisfy((figure) -> assertThat(PERFORMANCE.text()).containsPattern(
					"(?<![\\d,.])" + Pattern.quote(figure.substring(0, figure.length() - 3)) + "(?![\\d,.])"));
	}

	private static Map<String, String> figures(Pattern row, DocumentationPage page, int column) {
		return row.matcher(page.text())
			.results()
			.filter((match) -> !match.group(column).isEmpty())
			.collect(Collectors.toMap((match) -> match.group(1), (MatchResult match) -> match.group(column)));
	}

}
