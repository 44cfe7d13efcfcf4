package io.github.contextvars.spring.testing;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import javax.tools.ToolProvider;

import org.springframework.aot.generate.ClassNameGenerator;
import org.springframework.aot.generate.DefaultGenerationContext;
import org.springframework.aot.generate.FileSystemGeneratedFiles;
import org.springframework.aot.generate.GeneratedFiles;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.boot.SpringApplicationAotProcessor;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.aot.AbstractAotProcessor;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.javapoet.ClassName;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An application that was prepared ahead of time, as the build plugins of Spring Boot do
 * it: generated here, and run in a JVM of its own.
 */
public final class PreparedApplication {

	private final Path directory;

	private final RuntimeHints hints = new RuntimeHints();

	private final String initializer;

	/**
	 * Prepare a configuration without Boot's {@code SpringApplication}.
	 */
	public PreparedApplication(Path directory, Class<?> configuration, String... properties) {
		this.directory = directory;
		try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
			TestPropertyValues.of(properties).applyTo(context);
			context.register(configuration);
			DefaultGenerationContext generation = new DefaultGenerationContext(
					new ClassNameGenerator(ClassName.get(configuration)),
					new FileSystemGeneratedFiles((kind) -> directory(kind)), this.hints);
			this.initializer = new ApplicationContextAotGenerator().processAheadOfTime(context, generation)
				.reflectionName();
			generation.writeGeneratedContent();
		}
	}

	/**
	 * Prepare what a main method starts with {@code SpringApplication}.
	 */
	public PreparedApplication(Path directory, Class<?> main) {
		this.directory = directory;
		this.initializer = new SpringApplicationAotProcessor(main,
				AbstractAotProcessor.Settings.builder()
					.sourceOutput(directory(GeneratedFiles.Kind.SOURCE))
					.resourceOutput(directory(GeneratedFiles.Kind.RESOURCE))
					.classOutput(directory(GeneratedFiles.Kind.CLASS))
					.groupId("io.github.contextvars")
					.artifactId("prepared")
					.build(),
				new String[0])
			.process()
			.reflectionName();
	}

	public RuntimeHints hints() {
		return this.hints;
	}

	public boolean hasGenerated(String className) {
		return Files.exists(directory(GeneratedFiles.Kind.CLASS).resolve(className.replace('.', '/') + ".class"));
	}

	/**
	 * Start the application.
	 * @param main what to start; it gets the name of the initializer, for
	 * {@link #context(String)}
	 * @return what it has printed
	 */
	public List<String> run(Class<?> main) throws IOException, InterruptedException {
		String classPath = directory(GeneratedFiles.Kind.CLASS) + File.pathSeparator
				+ System.getProperty("java.class.path");
		compile(classPath);
		Path output = this.directory.resolve("output");
		Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dspring.aot.enabled=true", "-cp", classPath,
				main.getName(), this.initializer)
			.redirectErrorStream(true)
			.redirectOutput(output.toFile())
			.start();
		boolean ended = process.waitFor(3, TimeUnit.MINUTES);
		process.destroyForcibly();
		assertThat(ended).as(() -> read(output).toString()).isTrue();
		return read(output);
	}

	public static GenericApplicationContext context(String initializer) throws ReflectiveOperationException {
		GenericApplicationContext context = new GenericApplicationContext();
		Object instance = Class.forName(initializer).getDeclaredConstructor().newInstance();
		@SuppressWarnings("unchecked")
		ApplicationContextInitializer<GenericApplicationContext> generated = (ApplicationContextInitializer<GenericApplicationContext>) instance;
		generated.initialize(context);
		context.refresh();
		return context;
	}

	private void compile(String classPath) throws IOException {
		List<String> arguments = new ArrayList<>(List.of("-proc:none", "-nowarn", "-parameters", "-cp", classPath, "-d",
				directory(GeneratedFiles.Kind.CLASS).toString()));
		try (Stream<Path> sources = Files.walk(directory(GeneratedFiles.Kind.SOURCE))) {
			sources.filter(Files::isRegularFile).map(Path::toString).forEach(arguments::add);
		}
		int status = ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new));
		assertThat(status).isZero();
	}

	private Path directory(GeneratedFiles.Kind kind) {
		return this.directory.resolve(kind.name());
	}

	private static List<String> read(Path file) {
		try {
			return Files.readAllLines(file, StandardCharsets.UTF_8);
		}
		catch (IOException ex) {
			return List.of(ex.toString());
		}
	}

}
