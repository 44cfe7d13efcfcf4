package io.github.contextvars.benchmarks.report;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

import io.github.contextvars.benchmarks.web.Load;
import io.github.contextvars.benchmarks.web.StartUp;

/**
 * Program behind {@code benchmarks/run} that measures what its arguments name, prints the
 * tables, and writes them into the documentation if asked to.
 */
public final class Report {

	private static final Path DOCS = Path.of("docs", "project");

	private Report() {
	}

	/**
	 * Measure, and print what was found.
	 * @param arguments which of {@code jmh}, {@code memory}, {@code tomcat},
	 * {@code startup} to measure, {@code docs} to write what was measured into the
	 * documentation, and {@code quick} to see only that everything works
	 * @throws Exception if anything fails
	 */
	public static void main(String[] arguments) throws Exception {
		List<String> steps = List.of(arguments);
		boolean quick = steps.contains("quick");
		Path target = Path.of("benchmarks", "target", quick ? "quick" : "results");
		Files.createDirectories(target);
		if (steps.contains("jmh")) {
			new Suite(target, quick).run();
		}
		if (steps.contains("memory")) {
			Results.write(target, "memory", Memory.measure());
		}
		if (steps.contains("tomcat")) {
			Results.write(target, "tomcat", Load.measure(quick));
		}
		if (steps.contains("startup")) {
			Results.write(target, "startup", StartUp.measure(quick));
		}
		Page page = new Page(new Results(target));
		Files.writeString(target.resolve("figures.md"), page.figures());
		System.out.println(page.figures());
		if (steps.contains("docs")) {
			page.write(quick ? copied(DOCS.resolve("performance.md"), target) : DOCS);
		}
	}

	// Quick figures are not published.
	private static Path copied(Path page, Path target) throws Exception {
		Files.copy(page, target.resolve(page.getFileName()), StandardCopyOption.REPLACE_EXISTING);
		return target;
	}

}
