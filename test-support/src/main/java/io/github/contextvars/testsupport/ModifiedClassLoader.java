package io.github.contextvars.testsupport;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.ProtectionDomain;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * Class loader that defines the library and its tests again, with one source file
 * changed. All other classes are those of its parent.
 */
final class ModifiedClassLoader extends ClassLoader {

	private static final String OURS = "io.github.contextvars.";

	private final Map<String, byte[]> changed = new HashMap<>();

	private ProtectionDomain domainOfChanged;

	ModifiedClassLoader() {
		super(ModifiedClassLoader.class.getClassLoader());
	}

	/**
	 * Replace a text in the source file of a class and compile this file only, without
	 * annotation processors.
	 * @param type the class
	 * @param text the text to replace
	 * @param replacement the text to replace it with
	 */
	void change(Class<?> type, String text, String replacement) {
		this.domainOfChanged = type.getProtectionDomain();
		Path file = sourceOf(type);
		String source = read(file);
		int at = source.indexOf(text);
		if (at < 0 || source.indexOf(text, at + 1) >= 0) {
			throw new IllegalStateException(
					((at < 0) ? "not found in " : "found more than once in ") + file + ":\n" + text);
		}
		compile(type, source.substring(0, at) + replacement + source.substring(at + text.length()));
	}

	Class<?> load(Class<?> type) {
		try {
			return loadClass(type.getName());
		}
		catch (ClassNotFoundException ex) {
			throw new IllegalStateException(ex);
		}
	}

	void writeTo(Path directory) throws IOException {
		for (Map.Entry<String, byte[]> one : this.changed.entrySet()) {
			Path file = directory.resolve(one.getKey().replace('.', '/') + ".class");
			Files.createDirectories(file.getParent());
			Files.write(file, one.getValue());
		}
	}

	@Override
	protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
		if (!name.startsWith(OURS)) {
			return super.loadClass(name, resolve);
		}
		synchronized (getClassLoadingLock(name)) {
			Class<?> loaded = findLoadedClass(name);
			if (loaded != null) {
				return loaded;
			}
			byte[] code = this.changed.get(name);
			return (code != null) ? defineClass(name, code, 0, code.length, this.domainOfChanged) : defineAnew(name);
		}
	}

	private Class<?> defineAnew(String name) throws ClassNotFoundException {
		Class<?> original = getParent().loadClass(name);
		try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
			byte[] code = in.readAllBytes();
			return defineClass(name, code, 0, code.length, original.getProtectionDomain());
		}
		catch (IOException ex) {
			throw new ClassNotFoundException(name, ex);
		}
	}

	private void compile(Class<?> type, String source) {
		JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
		StringWriter messages = new StringWriter();
		JavaFileManager files = new ForwardingJavaFileManager<>(compiler.getStandardFileManager(null, null, null)) {

			@Override
			public JavaFileObject getJavaFileForOutput(Location location, String name, JavaFileObject.Kind kind,
					FileObject sibling) {
				return new InMemory(name, kind, "");
			}

		};
		List<String> options = List.of("-proc:none", "-implicit:none", "-g", "-parameters", "-nowarn", "-Xlint:none",
				"--release", "17", "-classpath", System.getProperty("java.class.path"));
		JavaFileObject unit = new InMemory(type.getName(), JavaFileObject.Kind.SOURCE, source);
		if (!compiler.getTask(messages, files, null, options, null, List.of(unit)).call()) {
			throw new IllegalStateException("the changed " + type.getName() + " does not compile:\n" + messages);
		}
	}

	/**
	 * Return the source file of a class, beside the {@code target} directory that
	 * contains the classes or the jar of its module.
	 * @param type the class
	 * @return the source file
	 */
	private static Path sourceOf(Class<?> type) {
		try {
			Path place = Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
			return place.resolve("../../src/main/java").normalize().resolve(type.getName().replace('.', '/') + ".java");
		}
		catch (URISyntaxException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static String read(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			throw new IllegalStateException("no source to seed a fault in: " + file, ex);
		}
	}

	/**
	 * Source file, or class file that is kept when it is written.
	 */
	private final class InMemory extends SimpleJavaFileObject {

		private final String name;

		private final String source;

		InMemory(String name, Kind kind, String source) {
			super(URI.create("memory:///" + name.replace('.', '/') + kind.extension), kind);
			this.name = name;
			this.source = source;
		}

		@Override
		public CharSequence getCharContent(boolean ignoreEncodingErrors) {
			return this.source;
		}

		@Override
		public OutputStream openOutputStream() {
			return new ByteArrayOutputStream() {

				@Override
				public void close() {
					ModifiedClassLoader.this.changed.put(InMemory.this.name, toByteArray());
				}

			};
		}

	}

}
