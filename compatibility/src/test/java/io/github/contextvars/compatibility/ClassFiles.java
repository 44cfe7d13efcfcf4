package io.github.contextvars.compatibility;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

import org.springframework.asm.ClassReader;
import org.springframework.asm.ClassVisitor;
import org.springframework.asm.FieldVisitor;
import org.springframework.asm.MethodVisitor;
import org.springframework.asm.Opcodes;

/**
 * The class files of the class path and of the JDK, read without loading a class.
 */
final class ClassFiles {

	private final ClassLoader classLoader = getClass().getClassLoader();

	private final Map<String, Optional<ClassFile>> files = new HashMap<>();

	/**
	 * Return the class file of a class.
	 * @param name the internal name of the class
	 * @return the file, or an empty optional if there is none
	 */
	Optional<ClassFile> find(String name) {
		Optional<ClassFile> file = this.files.get(name);
		if (file == null) {
			file = read(name);
			this.files.put(name, file);
		}
		return file;
	}

	private Optional<ClassFile> read(String name) {
		try (InputStream stream = this.classLoader.getResourceAsStream(name + ".class")) {
			return (stream != null) ? Optional.of(ClassFile.of(new ClassReader(stream))) : Optional.empty();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Return a class and all its supertypes that there are.
	 * @param name the internal name of the class
	 * @return the classes first, then their interfaces
	 */
	Stream<ClassFile> hierarchy(String name) {
		return find(name).stream()
			.flatMap((file) -> Stream.concat(Stream.of(file), file.supertypes().flatMap(this::hierarchy)));
	}

	/**
	 * A field or a method.
	 *
	 * @param name the name
	 * @param descriptor the descriptor
	 * @param access the access flags
	 */
	record Member(String name, String descriptor, int access) {

		boolean is(int flag) {
			return (this.access & flag) != 0;
		}

		boolean hasSignature(Member other) {
			return this.name.equals(other.name) && this.descriptor.equals(other.descriptor);
		}

	}

	/**
	 * What a class file declares.
	 *
	 * @param name the internal name
	 * @param access the access flags
	 * @param superName the internal name of the superclass, {@code null} for
	 * {@code Object}
	 * @param interfaces the internal names of the interfaces
	 * @param fields the fields
	 * @param methods the methods
	 */
	record ClassFile(String name, int access, String superName, List<String> interfaces, List<Member> fields,
			List<Member> methods) {

		static ClassFile of(ClassReader reader) {
			List<Member> fields = new ArrayList<>();
			List<Member> methods = new ArrayList<>();
			reader.accept(new ClassVisitor(Opcodes.ASM9) {

				@Override
				public FieldVisitor visitField(int access, String name, String descriptor, String signature,
						Object value) {
					fields.add(new Member(name, descriptor, access));
					return null;
				}

				@Override
				public MethodVisitor visitMethod(int access, String name, String descriptor, String signature,
						String[] exceptions) {
					methods.add(new Member(name, descriptor, access));
					return null;
				}

			}, ClassReader.SKIP_CODE | ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES);
			return new ClassFile(reader.getClassName(), reader.getAccess(), reader.getSuperName(),
					List.of(reader.getInterfaces()), fields, methods);
		}

		boolean is(int flag) {
			return (this.access & flag) != 0;
		}

		Stream<String> supertypes() {
			return Stream.concat(Stream.ofNullable(this.superName), this.interfaces.stream());
		}

	}

}
