package io.github.contextvars.spring.registry;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.LinkedHashSet;
import java.util.Set;

import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.autoproxy.AutoProxyUtils;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.util.ClassUtils;

/**
 * The types of beans, behind proxies and factory beans, without creating a bean.
 * <p>
 * Internal: public for the other packages of the library only.
 *
 * @since 0.1.0
 */
public final class BeanTypes {

	private BeanTypes() {
	}

	/**
	 * Return the types of all beans that a factory defines.
	 * @param beanFactory the bean factory
	 * @return the types, in the order of the definitions
	 */
	public static Set<Class<?>> of(ConfigurableListableBeanFactory beanFactory) {
		Set<Class<?>> types = new LinkedHashSet<>();
		for (String name : beanFactory.getBeanDefinitionNames()) {
			Class<?> type = typeOf(beanFactory, name);
			if (type != null) {
				types.add(type);
			}
		}
		return types;
	}

	/**
	 * Return the type of a bean: of what a proxy stands for, and of what a factory bean
	 * creates.
	 * @param beanFactory the bean factory
	 * @param name the name of the bean
	 * @return the type as its author wrote it, or {@code null} if it is not known; a JDK
	 * proxy's class if nothing is known of its target
	 */
	public static @Nullable Class<?> typeOf(ConfigurableListableBeanFactory beanFactory, String name) {
		Object bean = beanFactory.containsSingleton(name) ? beanFactory.getSingleton(name) : null;
		Class<?> type = (bean != null && !(bean instanceof FactoryBean<?>)) ? AopUtils.getTargetClass(bean)
				: beanFactory.getType(name, false);
		if (type != null && Proxy.isProxyClass(type)) {
			Class<?> target = AutoProxyUtils.determineTargetClass(beanFactory, name);
			type = (target != null) ? target : type;
		}
		return (type != null) ? ClassUtils.getUserClass(type) : null;
	}

	/**
	 * Return why a proxy that extends a bean's class could break the bean: it does not
	 * run private and final methods on the bean, and does not have its fields.
	 * @param type the bean's class
	 * @return what the class has that a proxy cannot stand for, or {@code null}
	 */
	public static @Nullable String obstacleToProxying(Class<?> type) {
		if (Modifier.isFinal(type.getModifiers())) {
			return "the modifier final";
		}
		for (Class<?> one = type; one != null && one != Object.class; one = one.getSuperclass()) {
			for (Method method : one.getDeclaredMethods()) {
				int modifiers = method.getModifiers();
				if (Modifier.isPrivate(modifiers) && method.getAnnotations().length > 0) {
					return "the private annotated method " + method.getName();
				}
				if (Modifier.isFinal(modifiers) && !Modifier.isPrivate(modifiers) && !Modifier.isStatic(modifiers)) {
					return "the final method " + method.getName();
				}
			}
			for (Field field : one.getDeclaredFields()) {
				if (Modifier.isPublic(field.getModifiers()) && !Modifier.isStatic(field.getModifiers())) {
					return "the public field " + field.getName();
				}
			}
		}
		return null;
	}

}
