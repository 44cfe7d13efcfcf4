package io.github.contextvars.spring.web;

import java.util.List;

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.web.method.annotation.RequestParamMethodArgumentResolver;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.servlet.handler.HandlerExceptionResolverComposite;
import org.springframework.web.servlet.mvc.method.annotation.ExceptionHandlerExceptionResolver;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerAdapter;

import io.github.contextvars.spring.declare.ContextVariables;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ContextValuePrecedence} alone; {@link WebMvcSliceTests} has it in an
 * application.
 */
class ContextValuePrecedenceTests {

	private final ContextValuePrecedence precedence = new ContextValuePrecedence();

	private final HandlerMethodArgumentResolver ours = new ContextValueArgumentResolver(
			new DefaultListableBeanFactory(), new ContextVariables(List.of()));

	private final HandlerMethodArgumentResolver first = new RequestParamMethodArgumentResolver(false);

	private final HandlerMethodArgumentResolver last = new RequestParamMethodArgumentResolver(true);

	@Test
	void resolverOfAdapterGoesFirst() {
		RequestMappingHandlerAdapter adapter = new RequestMappingHandlerAdapter();
		adapter.setArgumentResolvers(List.of(this.first, this.last, this.ours));
		adapter.setInitBinderArgumentResolvers(List.of(this.first, this.ours, this.last));

		Object bean = this.precedence.postProcessAfterInitialization(adapter, "adapter");

		assertThat(bean).isSameAs(adapter);
		assertThat(adapter.getArgumentResolvers()).containsExactly(this.ours, this.first, this.last);
		assertThat(adapter.getInitBinderArgumentResolvers()).containsExactly(this.ours, this.first, this.last);
	}

	@Test
	void adapterWithoutResolversStaysWithout() {
		RequestMappingHandlerAdapter adapter = new RequestMappingHandlerAdapter();

		this.precedence.postProcessAfterInitialization(adapter, "adapter");

		assertThat(adapter.getArgumentResolvers()).isNull();
		assertThat(adapter.getInitBinderArgumentResolvers()).isNull();
	}

	@Test
	void resolverOfExceptionHandlersGoesFirst() {
		ExceptionHandlerExceptionResolver alone = handlers();
		ExceptionHandlerExceptionResolver composed = handlers();
		ExceptionHandlerExceptionResolver empty = new ExceptionHandlerExceptionResolver();
		HandlerExceptionResolverComposite composite = new HandlerExceptionResolverComposite();
		composite.setExceptionResolvers(List.of(composed, empty));

		assertThat(this.precedence.postProcessAfterInitialization(alone, "alone")).isSameAs(alone);
		assertThat(this.precedence.postProcessAfterInitialization(composite, "composite")).isSameAs(composite);

		assertThat(alone.getArgumentResolvers().getResolvers()).containsExactly(this.ours, this.first, this.last);
		assertThat(composed.getArgumentResolvers().getResolvers()).containsExactly(this.ours, this.first, this.last);
		assertThat(empty.getArgumentResolvers()).isNull();
	}

	@Test
	void otherBeansAreLeftAlone() {
		Object bean = new Object();

		assertThat(this.precedence.postProcessAfterInitialization(bean, "bean")).isSameAs(bean);
	}

	private ExceptionHandlerExceptionResolver handlers() {
		ExceptionHandlerExceptionResolver resolver = new ExceptionHandlerExceptionResolver();
		resolver.setArgumentResolvers(List.of(this.first, this.last, this.ours));
		return resolver;
	}

}
