package io.github.contextvars.testsupport;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A {@code curl} command of the documentation, and the output that it shows.
 *
 * @param command the command, on one line
 * @param output the output, as in the page
 */
public record CurlExample(String command, String output) {

	private static final Pattern WORD = Pattern.compile("'([^']*)'|(\\S+)");

	private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

	/**
	 * Return the examples of a page's {@code console} blocks.
	 * @param page the page
	 * @return the examples in order
	 */
	public static List<CurlExample> of(DocumentationPage page) {
		List<CurlExample> examples = new ArrayList<>();
		for (DocumentationPage.Block block : page.blocks("console")) {
			Matcher commands = Pattern.compile("(?m)^\\$ (curl (?:.*\\\\\n)*.*)\n((?:(?!\\$ ).*\n)*)")
				.matcher(block.text());
			while (commands.find()) {
				examples.add(new CurlExample(commands.group(1).replaceAll("\\s*\\\\\n\\s*", " "), commands.group(2)));
			}
		}
		return examples;
	}

	/**
	 * Send the request to a local application.
	 * @param port the port that replaces 8080
	 * @return the response's body
	 */
	public String send(int port) {
		HttpRequest.Builder request = HttpRequest.newBuilder().timeout(Duration.ofSeconds(30));
		String method = null;
		HttpRequest.BodyPublisher body = HttpRequest.BodyPublishers.noBody();
		List<String> words = words();
		for (int i = 1; i < words.size(); i++) {
			switch (words.get(i)) {
				case "-s" -> {
				}
				case "-X" -> method = words.get(++i);
				case "-H" -> {
					String[] header = words.get(++i).split(": ", 2);
					request.header(header[0], header[1]);
				}
				case "-d" -> {
					method = (method != null) ? method : "POST";
					body = HttpRequest.BodyPublishers.ofString(words.get(++i));
				}
				case "|" -> i = words.size();
				default ->
					request.uri(URI.create("http://" + words.get(i).replace("localhost:8080", "localhost:" + port)));
			}
		}
		request.method((method != null) ? method : "GET", body);
		try {
			return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString()).body();
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Return the JSON pointer for the path that the output is piped to {@code jq} with.
	 * @return the pointer, empty for all of the output
	 */
	public String pointer() {
		List<String> words = words();
		int jq = words.indexOf("jq");
		return (jq < 0 || words.get(jq + 1).equals(".")) ? ""
				: words.get(jq + 1).replaceAll("\\[(\\d+)\\]", ".$1").replace('.', '/');
	}

	/**
	 * Return a text without the line breaks and the indentation that a page adds.
	 * @param text the text
	 * @return all of it in one line
	 */
	public static String joined(String text) {
		return text.lines().map(String::strip).collect(Collectors.joining());
	}

	private List<String> words() {
		return WORD.matcher(this.command)
			.results()
			.map((MatchResult match) -> (match.group(1) != null) ? match.group(1) : match.group(2))
			.toList();
	}

}
