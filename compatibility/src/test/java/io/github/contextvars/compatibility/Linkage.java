package io.github.contextvars.compatibility;

import java.io.IOException;
import java.io.InputStream;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

import org.springframework.asm.ClassReader;
import org.springframework.asm.ClassVisitor;
import org.springframework.asm.Handle;
import org.springframework.asm.Label;
import org.springframework.asm.MethodVisitor;
import org.springframework.asm.Opcodes;
import org.springframework.asm.SpringAsmInfo;
import org.springframework.asm.Type;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;

import io.github.contextvars.compatibility.ClassFiles.ClassFile;
import io.github.contextvars.compatibility.ClassFiles.Member;

/**
 * Resolves what the library's class files refer to against the class path, and collects
 * what the JVM would not find when it links them.
 */
final class Linkage {

	private final ClassFiles classFiles = new ClassFiles();

	private final Set<String> errors = new TreeSet<>();

	/**
	 * Read the class files of the library on the class path.
	 * @throws IOException if one cannot be read
	 */
	static Linkage ofLibrary() throws IOException {
		Linkage linkage = new Linkage();
		String here = Linkage.class.getPackageName().replace('.', '/');
		for (Resource resource : new PathMatchingResourcePatternResolver()
			.getResources("classpath*:io/github/contextvars/**/*.class")) {
			if (!resource.getURL().getPath().contains(here)) {
				try (InputStream stream = resource.getInputStream()) {
					linkage.resolve(new ClassReader(stream));
				}
			}
		}
		return linkage;
	}

	/**
	 * Return what is missing.
	 * @return lines such as {@code Foo$Bar: no method baz()V in Qux}
	 */
	Set<String> errors() {
		return this.errors;
	}

	private void resolve(ClassReader reader) {
		ClassFile file = ClassFile.of(reader);
		Consumer<String> error = (message) -> this.errors.add(dotted(file.name()) + ": " + message);
		file.supertypes().forEach((name) -> requireClass(name, error));
		file.fields().forEach((field) -> requireTypes(error, Type.getType(field.descriptor())));
		file.methods().forEach((method) -> requireTypes(error, Type.getMethodType(method.descriptor())));
		if (!file.is(Opcodes.ACC_ABSTRACT)) {
			requireImplementation(file, error);
		}
		reader.accept(new References(file, error), ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES);
	}

	private void requireImplementation(ClassFile file, Consumer<String> error) {
		this.classFiles.hierarchy(file.name())
			.flatMap((type) -> type.methods().stream().filter((method) -> method.is(Opcodes.ACC_ABSTRACT)))
			.filter((required) -> this.classFiles.hierarchy(file.name())
				.flatMap((type) -> type.methods().stream())
				.noneMatch((method) -> !method.is(Opcodes.ACC_ABSTRACT) && method.hasSignature(required)))
			.filter((required) -> isComplete(file))
			.forEach((required) -> error.accept("no implementation of " + required.name() + required.descriptor()));
	}

	// A superclass that is not there may implement it.
	private boolean isComplete(ClassFile file) {
		return this.classFiles.hierarchy(file.name())
			.flatMap(ClassFile::supertypes)
			.allMatch((name) -> this.classFiles.find(name).isPresent());
	}

	private void requireTypes(Consumer<String> error, Type type) {
		switch (type.getSort()) {
			case Type.METHOD -> {
				requireTypes(error, type.getReturnType());
				for (Type argument : type.getArgumentTypes()) {
					requireTypes(error, argument);
				}
			}
			case Type.ARRAY -> requireTypes(error, type.getElementType());
			case Type.OBJECT -> requireClass(type.getInternalName(), error);
			default -> {
			}
		}
	}

	private boolean requireClass(String name, Consumer<String> error) {
		if (name.startsWith("[")) {
			requireTypes(error, Type.getObjectType(name));
			return false;
		}
		if (this.classFiles.find(name).isEmpty()) {
			error.accept("no class " + dotted(name));
			return false;
		}
		return true;
	}

	private static String dotted(String name) {
		return name.replace('/', '.');
	}

	/**
	 * Resolves the references of one class.
	 */
	private final class References extends ClassVisitor {

		private final ClassFile file;

		private final Consumer<String> error;

		private References(ClassFile file, Consumer<String> error) {
			super(SpringAsmInfo.ASM_VERSION);
			this.file = file;
			this.error = error;
		}

		@Override
		public MethodVisitor visitMethod(int access, String method, String methodDescriptor, String signature,
				String[] exceptions) {
			return new MethodVisitor(SpringAsmInfo.ASM_VERSION) {

				@Override
				public void visitTypeInsn(int opcode, String type) {
					requireClass(type, References.this.error);
				}

				@Override
				public void visitFieldInsn(int opcode, String owner, String name, String descriptor) {
					field(owner, name, descriptor);
				}

				@Override
				public void visitMethodInsn(int opcode, String owner, String name, String descriptor,
						boolean isInterface) {
					method(owner, name, descriptor, isInterface);
				}

				@Override
				public void visitInvokeDynamicInsn(String name, String descriptor, Handle bootstrap,
						Object... arguments) {
					requireTypes(References.this.error, Type.getMethodType(descriptor));
					for (Object argument : arguments) {
						value(argument);
					}
				}

				@Override
				public void visitLdcInsn(Object value) {
					value(value);
				}

				@Override
				public void visitMultiANewArrayInsn(String descriptor, int dimensions) {
					requireTypes(References.this.error, Type.getType(descriptor));
				}

				@Override
				public void visitTryCatchBlock(Label start, Label end, Label handler, String type) {
					if (type != null) {
						requireClass(type, References.this.error);
					}
				}

			};
		}

		private void value(Object value) {
			if (value instanceof Type type) {
				requireTypes(this.error, type);
			}
			else if (value instanceof Handle handle) {
				if (handle.getDesc().startsWith("(")) {
					method(handle.getOwner(), handle.getName(), handle.getDesc(), handle.isInterface());
				}
				else {
					field(handle.getOwner(), handle.getName(), handle.getDesc());
				}
			}
		}

		private void field(String owner, String name, String descriptor) {
			if (requireClass(owner, this.error)) {
				Member field = new Member(name, descriptor, 0);
				boolean found = Linkage.this.classFiles.hierarchy(owner)
					.anyMatch((type) -> type.fields()
						.stream()
						.anyMatch((candidate) -> candidate.hasSignature(field) && isAccessible(type, candidate)));
				if (!found) {
					this.error.accept("no field " + name + " in " + dotted(owner));
				}
			}
		}

		private void method(String owner, String name, String descriptor, boolean isInterface) {
			if (requireClass(owner, this.error) && !owner.startsWith("java/lang/invoke/")) {
				Member method = new Member(name, descriptor, 0);
				boolean found = Linkage.this.classFiles.hierarchy(owner)
					.anyMatch((type) -> type.methods()
						.stream()
						.anyMatch((candidate) -> candidate.hasSignature(method) && isAccessible(type, candidate)));
				if (!found) {
					this.error.accept("no method " + name + descriptor + " in " + dotted(owner));
				}
				else if (Linkage.this.classFiles.find(owner).orElseThrow().is(Opcodes.ACC_INTERFACE) != isInterface) {
					this.error.accept("not " + (isInterface ? "an interface" : "a class") + ": " + dotted(owner));
				}
			}
		}

		private boolean isAccessible(ClassFile type, Member member) {
			return member.is(Opcodes.ACC_PUBLIC) || type.name().startsWith("io/github/contextvars/")
					|| (member.is(Opcodes.ACC_PROTECTED) && Linkage.this.classFiles.hierarchy(this.file.name())
						.anyMatch((own) -> own.name().equals(type.name())));
		}

	}

}
