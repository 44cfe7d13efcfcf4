package io.github.contextvars.spring.testing;

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
 * The inputs that are kept for a fuzz test, to show that they would find a planted bug.
 */
public final class Corpus {

	private Corpus() {
	}

	/**
	 * Require that a check fails for at least one of the inputs of a fuzz test.
	 * @param test the class of the fuzz test
	 * @param method the name of its method
	 * @param check a check of something with a planted bug
	 */
	public static void assertFinds(Class<?> test, String method, Consumer<byte[]> check) {
		assertThat(inputs(test, method)).isNotEmpty().anySatisfy((input) -> {
			Throwable found = null;
			try {
				check.accept(input);
			}
			catch (Throwable ex) {
				found = ex;
			}
			assertThat(found).isNotNull();
		});
	}

	private static List<byte[]> inputs(Class<?> test, String method) {
		try (Stream<Path> files = Files.list(
				Path.of(Objects.requireNonNull(test.getResource(test.getSimpleName() + "Inputs/" + method)).toURI()))) {
			return files.map(Corpus::read).toList();
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
