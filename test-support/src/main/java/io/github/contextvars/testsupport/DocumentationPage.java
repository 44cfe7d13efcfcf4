package io.github.contextvars.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A Markdown page of this repository, for the tests that compare it with the code.
 *
 * @param file the page, relative to the repository's root
 * @param text the page's text
 */
public record DocumentationPage(Path file, String text) {

	private static final Pattern BLOCK = Pattern
		.compile("(?m)^[ ]*(?:<!-- snippet: (\\S+) -->\n\\s*)?```(\\w*)\n(?s:(.*?))^[ ]*```$");

	private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)|(?m)^\\[[^\\]]+\\]: (\\S+)$");

	/**
	 * Return the repository's root.
	 * @return the directory of the parent project
	 */
	public static Path root() {
		Path directory = Path.of("").toAbsolutePath();
		while (!Files.isDirectory(directory.resolve("test-support"))) {
			directory = directory.getParent();
		}
		return directory;
	}

	/**
	 * Read a page.
	 * @param file the page, relative to the repository's root
	 * @return the page
	 */
	public static DocumentationPage read(String file) {
		return read(root(), Path.of(file));
	}

	private static DocumentationPage read(Path root, Path file) {
		try {
			return new DocumentationPage(file, Files.readString(root.resolve(file)));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Read all pages below a directory, build output excluded.
	 * @param directory the directory, relative to the repository's root
	 * @return the pages, sorted by name
	 */
	public static List<DocumentationPage> readAll(String directory) {
		Path root = root();
		Predicate<Path> source = (file) -> Stream.of("target", ".git", "node_modules")
			.noneMatch((skipped) -> root.relativize(file).startsWith(skipped)
					|| root.relativize(file).toString().contains("/" + skipped + "/"));
		try (Stream<Path> files = Files.walk(root.resolve(directory))) {
			return files.filter((file) -> file.toString().endsWith(".md"))
				.filter(source)
				.sorted()
				.map((file) -> read(root, root.relativize(file)))
				.toList();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Return the page's fenced blocks of one language.
	 * @param language the language, such as {@code java}
	 * @return the blocks in order
	 */
	public List<Block> blocks(String language) {
		return BLOCK.matcher(this.text)
			.results()
			.map((match) -> new Block(match.group(1), match.group(2), withoutIndentation(match.group(3))))
			.filter((block) -> block.language().equals(language))
			.toList();
	}

	/**
	 * Return the lines of the page's blocks of properties, followed by others.
	 * @param others further properties, which win
	 * @return lines such as {@code name=value}
	 */
	public String[] properties(String... others) {
		return Stream.concat(blocks("properties").stream().flatMap((block) -> block.text().lines()), Stream.of(others))
			.toArray(String[]::new);
	}

	/**
	 * Remove what all lines of a text are indented by.
	 * @param text the text
	 * @return the lines, each with its end
	 */
	public static String withoutIndentation(String text) {
		int indentation = text.lines()
			.filter((line) -> !line.isBlank())
			.mapToInt((line) -> line.length() - line.stripLeading().length())
			.min()
			.orElse(0);
		return text.lines()
			.map((line) -> (line.length() < indentation) ? "\n" : line.substring(indentation) + "\n")
			.collect(Collectors.joining());
	}

	/**
	 * Return the targets of the page's links within the repository.
	 * @return the targets in order
	 */
	public List<Target> links() {
		List<Target> targets = new ArrayList<>();
		Matcher links = LINK.matcher(BLOCK.matcher(this.text).replaceAll(""));
		while (links.find()) {
			String[] target = ((links.group(1) != null) ? links.group(1) : links.group(2)).split("#", 2);
			if (!target[0].matches("\\w+:.*")) {
				Path file = target[0].isEmpty() ? this.file : this.file.resolveSibling(target[0]).normalize();
				targets.add(new Target(file, (target.length > 1) ? target[1] : ""));
			}
		}
		return targets;
	}

	/**
	 * Return the anchors of the page's headings, as GitHub makes them.
	 * @return the anchors in order
	 */
	public List<String> anchors() {
		return new DocumentationPage(this.file, BLOCK.matcher(this.text).replaceAll("")).find("(?m)^#+ (.*)$")
			.stream()
			.map((heading) -> heading.toLowerCase(Locale.ROOT).replaceAll("[^\\w\\- ]", "").replace(' ', '-'))
			.toList();
	}

	/**
	 * Return what a pattern's first group matches, each time.
	 * @param pattern the pattern
	 * @return the matches in order
	 */
	public List<String> find(String pattern) {
		return Pattern.compile(pattern)
			.matcher(this.text)
			.results()
			.map((MatchResult match) -> match.group(1))
			.toList();
	}

	/**
	 * Return one section of the page.
	 * @param heading its heading, with the leading {@code #}s
	 * @return the page from there to the next heading of the same level
	 */
	public DocumentationPage section(String heading) {
		String level = heading.substring(0, heading.indexOf(' ') + 1);
		Matcher start = Pattern.compile("(?m)^" + Pattern.quote(heading) + "$").matcher(this.text);
		if (!start.find()) {
			throw new IllegalArgumentException(this.file + " has no section '" + heading + "'");
		}
		int end = this.text.indexOf("\n" + level, start.end());
		return new DocumentationPage(this.file,
				this.text.substring(start.start(), (end < 0) ? this.text.length() : end));
	}

	@Override
	public String toString() {
		return this.file.toString();
	}

	/**
	 * A fenced block.
	 *
	 * @param snippet the name in the comment before the block, or {@code null}
	 * @param language the language
	 * @param text the text, without common indentation
	 */
	public record Block(String snippet, String language, String text) {

	}

	/**
	 * The target of a link.
	 *
	 * @param file the file, relative to the repository's root
	 * @param anchor the anchor, empty for none
	 */
	public record Target(Path file, String anchor) {

	}

}
