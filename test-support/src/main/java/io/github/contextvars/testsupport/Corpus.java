package io.github.contextvars.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Inputs that are kept for a fuzz test. Replayed, they must detect its seeded faults.
 */
public final class Corpus {

	private Corpus() {
	}

	/**
	 * Run a fuzz test on all inputs that are kept for it, without Jazzer.
	 * @param test the class of the fuzz test
	 * @param method the name of its method
	 * @param check the method
	 */
	public static void replay(Class<?> test, String method, Consumer<byte[]> check) {
		List<byte[]> inputs = inputs(test, method);
		assertThat(inputs).isNotEmpty();
		inputs.forEach(check);
	}

	private static List<byte[]> inputs(Class<?> test, String method) {
		try (Stream<Path> files = Files.list(
				Path.of(Objects.requireNonNull(test.getResource(test.getSimpleName() + "Inputs/" + method)).toURI()))) {
			return files.sorted().map(Corpus::read).toList();
		}
		catch (IOException | URISyntaxException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static byte[] read(Path file) {
		try {
			return Files.readAllBytes(file);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
