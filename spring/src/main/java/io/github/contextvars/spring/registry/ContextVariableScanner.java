package io.github.contextvars.spring.registry;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.annotation.AnnotationUtils;
import org.springframework.stereotype.Component;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;

/**
 * Scanner for {@link ContextVariable} on the fields of all beans' types and on
 * {@code @Bean} methods. Creates no beans except variables.
 */
final class ContextVariableScanner {

	private final ConfigurableListableBeanFactory beanFactory;

	// Types share supertypes, and beans share types.
	private final Set<Class<?>> seen = new LinkedHashSet<>();

	private final List<ContextVariableRegistry.Declaration> declarations = new ArrayList<>();

	ContextVariableScanner(ConfigurableListableBeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	List<ContextVariableRegistry.Declaration> declarations() {
		for (String name : this.beanFactory.getBeanDefinitionNames()) {
			scanType(BeanTypes.typeOf(this.beanFactory, name),
					(field, annotation) -> this.declarations.add(fromField(field, annotation)));
			ContextVariable annotation = this.beanFactory.findAnnotationOnBean(name, ContextVariable.class, false);
			if (annotation != null) {
				this.declarations.add(fromBean(name, annotation));
			}
		}
		return this.declarations;
	}

	/**
	 * Look for annotated fields only, and read none.
	 * @return the fields
	 */
	Set<Field> fields() {
		Set<Field> fields = new LinkedHashSet<>();
		for (String name : this.beanFactory.getBeanDefinitionNames()) {
			scanType(BeanTypes.typeOf(this.beanFactory, name), (field, annotation) -> fields.add(field));
		}
		return fields;
	}

	private void scanType(@Nullable Class<?> type, BiConsumer<Field, ContextVariable> found) {
		if (type == null || !AnnotationUtils.isCandidateClass(type, ContextVariable.class) || isOfSpring(type)
				|| !this.seen.add(type)) {
			return;
		}
		for (Field field : fieldsOf(type)) {
			ContextVariable annotation = AnnotatedElementUtils.findMergedAnnotation(field, ContextVariable.class);
			if (annotation != null) {
				found.accept(field, annotation);
			}
		}
		scanType(type.getSuperclass(), found);
		for (Class<?> superinterface : type.getInterfaces()) {
			scanType(superinterface, found);
		}
	}

	// A bean that is never made may be of a type that cannot be read.
	private static Field[] fieldsOf(Class<?> type) {
		try {
			return type.getDeclaredFields();
		}
		catch (LinkageError ex) {
			return new Field[0];
		}
	}

	// Reading the fields of all its classes would load their types. Spring's samples live
	// in such packages, too, and Spring tells them apart in the same way.
	private static boolean isOfSpring(Class<?> type) {
		return type.getName().startsWith("org.springframework.")
				&& !AnnotatedElementUtils.isAnnotated(type, Component.class);
	}

	private ContextVariableRegistry.Declaration fromField(Field field, ContextVariable annotation) {
		String declaredBy = field.getDeclaringClass().getName() + "#" + field.getName();
		if (!Modifier.isStatic(field.getModifiers())) {
			throw new InvalidDeclarationException(
					"Field " + declaredBy + " is annotated with @ContextVariable and is not static",
					"Make it 'static final': a variable is declared once for all instances.");
		}
		ReflectionUtils.makeAccessible(field);
		return declaration(ReflectionUtils.getField(field, null), "Field " + declaredBy, declaredBy,
				ResolvableType.forField(field), annotation);
	}

	private ContextVariableRegistry.Declaration fromBean(String name, ContextVariable annotation) {
		Method method = (this.beanFactory.getMergedBeanDefinition(name) instanceof RootBeanDefinition definition)
				? definition.getResolvedFactoryMethod() : null;
		String declaredBy = (method != null) ? method.getDeclaringClass().getName() + "#" + method.getName() : name;
		return declaration(this.beanFactory.getBean(name), "Bean '" + name + "'", declaredBy,
				(method != null) ? ResolvableType.forMethodReturnType(method) : ResolvableType.NONE, annotation);
	}

	private static ContextVariableRegistry.Declaration declaration(@Nullable Object value, String subject,
			String declaredBy, ResolvableType holder, ContextVariable annotation) {
		if (!(value instanceof ContextVar<?> variable)) {
			throw new InvalidDeclarationException(
					subject + " is annotated with @ContextVariable and "
							+ ((value != null) ? "holds a " + ClassUtils.getQualifiedName(value.getClass())
									: "is null"),
					"Give it a ContextVar, such as ContextVar.of(\"name\"), or remove the annotation.");
		}
		return new ContextVariableRegistry.Declaration(variable, declaredBy, holder.as(ContextVar.class).getGeneric(0),
				annotation.description(), annotation.sensitive(), annotation.logged(), annotation.observed(),
				annotation.header());
	}

}
