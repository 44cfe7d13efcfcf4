package io.github.contextvars.spring.web.servlet;

import java.util.ArrayList;
import java.util.List;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockFilterChain;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;

import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What needs no container to be shown.
 */
class ContextFilterTests {

	private final WorkRegistry registry = WorkRegistry.tracking();

	@Test
	void secondFilterOfTheSameChainPassesOn() throws Exception {
		ContextFilter first = new ContextFilter(this.registry);
		first.setBeanName("first");
		ContextFilter second = new ContextFilter(this.registry);
		second.setBeanName("second");
		List<UnitOfWork> seen = new ArrayList<>();
		HttpServlet servlet = new HttpServlet() {

			private static final long serialVersionUID = 1L;

			@Override
			protected void service(HttpServletRequest request, HttpServletResponse response) {
				seen.addAll(ContextFilterTests.this.registry.list());
				seen.add(ContextFilter.findUnitOfWork(request).orElseThrow());
			}

		};

		new MockFilterChain(servlet, first, second).doFilter(new MockHttpServletRequest(),
				new MockHttpServletResponse());

		assertThat(seen).hasSize(2).containsOnly(seen.get(0));
	}

	@Test
	void requestThatHasNotPassedHasNoUnitOfWork() {
		assertThat(ContextFilter.findUnitOfWork(new MockHttpServletRequest())).isEmpty();
	}

}
