package io.github.contextvars.spring.web.servlet;

import java.util.List;

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.test.web.servlet.request.MockMvcRequestBuilders;
import org.springframework.test.web.servlet.result.MockMvcResultMatchers;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;
import org.springframework.web.method.annotation.RequestParamMethodArgumentResolver;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurationSupport;
import org.springframework.web.servlet.handler.HandlerExceptionResolverComposite;
import org.springframework.web.servlet.mvc.method.annotation.ExceptionHandlerExceptionResolver;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerAdapter;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsWebAutoConfiguration;
import io.github.contextvars.spring.registry.ContextVariableRegistry;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link FromContextResolverBeanPostProcessor} alone; {@link WebMvcSliceTests}
 * has it in an application.
 */
class FromContextResolverBeanPostProcessorTests {

	private final FromContextArgumentResolver ours = new FromContextArgumentResolver(new DefaultListableBeanFactory(),
			new ContextVariableRegistry(List.of()));

	private final FromContextResolverBeanPostProcessor precedence = new FromContextResolverBeanPostProcessor(
			() -> this.ours);

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
	void adapterThatNobodyGaveOursGetsIt() {
		RequestMappingHandlerAdapter adapter = new RequestMappingHandlerAdapter();
		adapter.setArgumentResolvers(List.of(this.first, this.last));
		adapter.setInitBinderArgumentResolvers(List.of(this.last));

		this.precedence.postProcessAfterInitialization(adapter, "adapter");

		assertThat(adapter.getArgumentResolvers()).containsExactly(this.ours, this.first, this.last);
		assertThat(adapter.getInitBinderArgumentResolvers()).containsExactly(this.ours, this.last);
	}

	@Test
	void clientCannotChooseTheValueWhereApplicationConfiguresSpringMvcItself() {
		new WebApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(ContextVarsAutoConfiguration.class, ContextVarsWebAutoConfiguration.class))
			.withUserConfiguration(OwnSpringMvc.class)
			.run((context) -> MockMvcBuilders.webAppContextSetup(context)
				.build()
				.perform(MockMvcRequestBuilders.get("/tenant?tenant=chosen"))
				.andExpect(MockMvcResultMatchers.content().string("none")));
	}

	// As of a second DispatcherServlet: no post-processor of ours sees its beans.
	@Test
	void clientCannotChooseTheValueInChildContext() {
		new WebApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(ContextVarsAutoConfiguration.class, ContextVarsWebAutoConfiguration.class))
			.withBean(Page.class)
			.run((parent) -> {
				try (AnnotationConfigWebApplicationContext child = new AnnotationConfigWebApplicationContext()) {
					child.setParent(parent);
					child.setServletContext(parent.getServletContext());
					child.register(ChildSpringMvc.class);
					child.refresh();

					MockMvcBuilders.webAppContextSetup(child)
						.build()
						.perform(MockMvcRequestBuilders.get("/tenant?tenant=chosen"))
						.andExpect(MockMvcResultMatchers.content().string("none"));
				}
			});
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

	@Configuration(proxyBeanMethods = false)
	static class OwnSpringMvc extends WebMvcConfigurationSupport {

		@Bean
		Page page() {
			return new Page();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableWebMvc
	@Import(Page.class)
	static class ChildSpringMvc {

	}

	@RestController
	public static class Page {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

		@GetMapping("/tenant")
		String tenant(@FromContext("tenant") String tenant) {
			return tenant;
		}

	}

}
