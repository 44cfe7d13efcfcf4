package io.github.contextvars.testsupport;

import java.io.IOException;
import java.io.InputStream;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Class loader that defines some classes again and cannot find a class that they refer
 * to, as if an optional library were missing.
 */
public final class WithoutClass extends ClassLoader {

	private final String missing;

	private final Set<String> loaded;

	/**
	 * Create a class loader.
	 * @param missing the class that cannot be found
	 * @param loaded the classes to define again
	 */
	public WithoutClass(Class<?> missing, Class<?>... loaded) {
		super(missing.getClassLoader());
		this.missing = missing.getName();
		this.loaded = Stream.of(loaded).map(Class::getName).collect(Collectors.toSet());
	}

	@Override
	protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
		if (name.equals(this.missing)) {
			throw new ClassNotFoundException(name);
		}
		synchronized (getClassLoadingLock(name)) {
			Class<?> present = findLoadedClass(name);
			if (present != null) {
				return present;
			}
			return this.loaded.contains(name) ? define(name) : super.loadClass(name, resolve);
		}
	}

	private Class<?> define(String name) throws ClassNotFoundException {
		try (InputStream input = getResourceAsStream(name.replace('.', '/') + ".class")) {
			byte[] code = input.readAllBytes();
			return defineClass(name, code, 0, code.length);
		}
		catch (IOException ex) {
			throw new ClassNotFoundException(name, ex);
		}
	}

}
