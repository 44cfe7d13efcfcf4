package io.github.contextvars.spring.graphql;

import java.util.List;

import org.junit.jupiter.api.Test;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.graphql.data.method.annotation.support.AnnotatedControllerConfigurer;
import org.springframework.graphql.server.WebGraphQlHandler;
import org.springframework.graphql.server.WebGraphQlInterceptor;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;
import reactor.core.publisher.Mono;

import io.github.contextvars.spring.work.PropagationSource;

import static org.assertj.core.api.Assertions.assertThat;

class ContextGraphQlConfigurationTests {

	@Test
	void resolverOfControllersIsTheFirst() {
		try (AnnotationConfigApplicationContext beans = beans()) {
			Object composite = new DirectFieldAccessor(beans.getBean(AnnotatedControllerConfigurer.class))
				.getPropertyValue("argumentResolvers");
			List<?> resolvers = (List<?>) new DirectFieldAccessor(composite).getPropertyValue("argumentResolvers");

			assertThat(resolvers.get(0)).isInstanceOf(FromContextArgumentResolver.class);
			assertThat(resolvers).filteredOn(FromContextArgumentResolver.class::isInstance).hasSize(1);
			assertThat(resolvers).hasSizeGreaterThan(5);
		}
	}

	@Test
	void interceptorsAreBeansAndTheHandlerIsReported() {
		try (AnnotationConfigApplicationContext beans = beans()) {
			assertThat(beans.getBeanProvider(WebGraphQlInterceptor.class).orderedStream())
				.hasExactlyElementsOfTypes(ContextGraphQlInterceptor.Mark.class, ContextGraphQlInterceptor.class);
			assertThat(beans.getBean(PropagationSource.class).entries()).singleElement()
				.returns("graphQlHandler", PropagationSource.Entry::name)
				.returns(true, PropagationSource.Entry::propagates);
		}
	}

	@Test
	void fieldsCanBeReadInNativeImages() {
		RuntimeHints hints = new RuntimeHints();
		new ContextGraphQlConfiguration.Hints().registerHints(hints, getClass().getClassLoader());

		assertThat(hints.reflection().typeHints()).hasSize(2).allSatisfy((type) -> {
			Class<?> present = ClassUtils.resolveClassName(type.getType().getCanonicalName(), null);
			assertThat(type.fields()).singleElement()
				.satisfies((field) -> assertThat(ReflectionUtils.findField(present, field.getName())).isNotNull());
		});
	}

	private static AnnotationConfigApplicationContext beans() {
		AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext();
		beans.register(ContextGraphQlConfiguration.class);
		beans.registerBean(AnnotatedControllerConfigurer.class);
		beans.registerBean("graphQlHandler", WebGraphQlHandler.class,
				() -> WebGraphQlHandler.builder((request) -> Mono.empty()).build());
		beans.refresh();
		return beans;
	}

}
