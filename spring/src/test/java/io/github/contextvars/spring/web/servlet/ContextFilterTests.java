package io.github.contextvars.spring.web.servlet;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.junit.jupiter.api.Test;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.mock.web.MockFilterChain;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.web.ErrorResponseException;
import org.springframework.web.util.WebUtils;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * What needs no container to be shown.
 */
class ContextFilterTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

	private final WorkRegistry registry = WorkRegistry.tracking();

	private final MockHttpServletRequest request = new MockHttpServletRequest("GET", "/notes");

	private final MockHttpServletResponse response = new MockHttpServletResponse();

	private final List<String> seen = new ArrayList<>();

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
		assertThat(ContextFilter.filledValues(new MockHttpServletRequest())).isNotNull();
	}

	@Test
	void filtersShareANameOfTheirOwn() {
		assertThat(new ContextFilter(this.registry).getAlreadyFilteredAttributeName())
			.isEqualTo(ContextFilter.class.getName() + ".FILTERED");
	}

	@Test
	void initializersAreCalledInOrderInTheContextOfTheRequest() throws Exception {
		ContextFilter filter = new ContextFilter(this.registry,
				List.of((request) -> TENANT.set("first"), (request) -> TENANT.set(TENANT.get() + " second")));

		filter.doFilter(this.request, this.response, seeing());

		assertThat(this.seen).containsExactly("first second");
		assertThat(ContextFilter.filledValues(this.request)).isSameAs(ContextFilter.filledValues(this.request));
	}

	@Test
	void dispatchesEnterTheContextOfTheRequestAgain() throws Exception {
		List<String> initialized = new ArrayList<>();
		ContextFilter filter = new ContextFilter(this.registry, List.of((request) -> {
			initialized.add("once");
			TENANT.set("acme");
		}));
		filter.doFilter(this.request, this.response, seeing());
		UnitOfWork unit = ContextFilter.findUnitOfWork(this.request).orElseThrow();

		for (DispatcherType type : List.of(DispatcherType.ASYNC, DispatcherType.ERROR)) {
			dispatch(filter, type, seeing());
			assertThat(Context.depth()).isZero();
		}

		assertThat(this.seen).containsExactly("acme", "acme", "acme");
		assertThat(initialized).containsExactly("once");
		assertThat(ContextFilter.findUnitOfWork(this.request)).contains(unit);
	}

	@Test
	void errorDispatchOfARequestThatHasNotPassedIsNotInitialized() throws Exception {
		ContextFilter filter = new ContextFilter(this.registry, List.of((request) -> TENANT.set("acme")));

		dispatch(filter, DispatcherType.ERROR, seeing());

		assertThat(this.seen).containsExactly("-");
	}

	@Test
	void asynchronousRequestIsListedUntilADispatchEndsThatStartsNothing() throws Exception {
		ContextFilter filter = new ContextFilter(this.registry);
		this.request.setAsyncSupported(true);
		FilterChain starting = (request, response) -> request.startAsync(request, response);

		filter.doFilter(this.request, this.response, starting);
		assertThat(this.registry.list()).hasSize(1);
		dispatch(filter, DispatcherType.ASYNC, starting);
		assertThat(this.registry.list()).hasSize(1);
		this.request.setAsyncStarted(false);
		dispatch(filter, DispatcherType.ASYNC, seeing());
		assertThat(this.registry.list()).isEmpty();
	}

	@Test
	void asynchronousRequestEndsWithADispatchThatFails() throws Exception {
		ContextFilter filter = new ContextFilter(this.registry);
		this.request.setAsyncSupported(true);
		filter.doFilter(this.request, this.response, (request, response) -> request.startAsync(request, response));

		assertThatIllegalStateException()
			.isThrownBy(() -> dispatch(filter, DispatcherType.ASYNC, (request, response) -> {
				throw new IllegalStateException("planned");
			}));
		assertThat(this.registry.list()).hasSize(1);
		this.request.setAsyncStarted(false);
		assertThatIllegalStateException()
			.isThrownBy(() -> dispatch(filter, DispatcherType.ERROR, (request, response) -> {
				throw new IllegalStateException("planned");
			}));
		assertThat(this.registry.list()).isEmpty();
	}

	@Test
	void failureOfAnInitializerIsAnsweredIfItIsTheCallersFault() throws Exception {
		ErrorResponseException failure = new ErrorResponseException(HttpStatus.FORBIDDEN,
				ProblemDetail.forStatusAndDetail(HttpStatus.FORBIDDEN, "no entry"), null);
		failure.getHeaders().add("X-Reason", "one");
		failure.getHeaders().add("X-Reason", "two");
		ContextFilter filter = new ContextFilter(this.registry, List.of((request) -> {
			throw failure;
		}));

		filter.doFilter(this.request, this.response, seeing());

		assertThat(this.seen).isEmpty();
		assertThat(this.response.getStatus()).isEqualTo(403);
		assertThat(this.response.getHeaders("X-Reason")).containsExactly("one", "two");
		assertThat(this.response.getContentAsString()).contains("no entry");
		assertThat(Context.depth()).isZero();

		MockHttpServletResponse committed = new MockHttpServletResponse();
		committed.setCommitted(true);
		assertThatExceptionOfType(ErrorResponseException.class)
			.isThrownBy(() -> filter.doFilter(new MockHttpServletRequest(), committed, seeing()))
			.isSameAs(failure);
	}

	@Test
	void failureOfAnInitializerIsThrownIfItIsNotTheCallersFault() {
		ContextFilter filter = new ContextFilter(this.registry, List.of((request) -> {
			throw new IllegalStateException("planned");
		}));

		assertThatIllegalStateException().isThrownBy(() -> filter.doFilter(this.request, this.response, seeing()))
			.withMessage("planned");
		assertThat(this.registry.list()).isEmpty();
		assertThat(Context.depth()).isZero();
	}

	@Test
	void threadStaysInTheContextOfAFailureUntilTheScopeIsClosed() {
		ContextFilter filter = new ContextFilter(this.registry);
		Context.Scope scope = ContextFilter.stayOnFailure(this.request);

		assertThatIllegalStateException()
			.isThrownBy(() -> filter.doFilter(this.request, this.response, (request, response) -> {
				TENANT.set("acme");
				throw new IllegalStateException("planned");
			}));
		assertThat(TENANT.get()).isEqualTo("acme");
		scope.close();

		assertThat(TENANT.get()).isEqualTo("-");
		assertThat(Collections.list(this.request.getAttributeNames())).noneMatch((name) -> name.endsWith("FAILURE"));
	}

	@Test
	void threadLeavesTheContextWhereNothingFails() throws Exception {
		try (Context.Scope scope = ContextFilter.stayOnFailure(this.request)) {
			new ContextFilter(this.registry).doFilter(this.request, this.response, seeing());
			assertThat(Context.depth()).isZero();
		}
	}

	private void dispatch(ContextFilter filter, DispatcherType type, FilterChain chain) throws Exception {
		this.request.setDispatcherType(type);
		this.request.setAttribute(WebUtils.ERROR_REQUEST_URI_ATTRIBUTE,
				(type == DispatcherType.ERROR) ? "/notes" : null);
		filter.doFilter(this.request, this.response, chain);
		this.request.setDispatcherType(DispatcherType.REQUEST);
	}

	private FilterChain seeing() {
		return (request, response) -> this.seen.add(TENANT.get());
	}

}
