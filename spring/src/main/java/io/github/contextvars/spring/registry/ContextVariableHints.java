package io.github.contextvars.spring.registry;

import java.lang.reflect.Field;
import java.util.Set;

import org.springframework.beans.factory.aot.BeanFactoryInitializationAotContribution;
import org.springframework.beans.factory.aot.BeanFactoryInitializationAotProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * {@link BeanFactoryInitializationAotProcessor} that registers the fields that
 * {@link ContextVariableScanner} finds.
 */
// Not left to @Reflective, which does not look into interfaces.
final class ContextVariableHints implements BeanFactoryInitializationAotProcessor {

	@Override
	public BeanFactoryInitializationAotContribution processAheadOfTime(ConfigurableListableBeanFactory beanFactory) {
		Set<Field> fields = new ContextVariableScanner(beanFactory).fields();
		return (generation, code) -> fields
			.forEach((field) -> generation.getRuntimeHints().reflection().registerField(field));
	}

}
