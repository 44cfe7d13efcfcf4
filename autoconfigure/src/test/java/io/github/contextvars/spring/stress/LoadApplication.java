package io.github.contextvars.spring.stress;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.web.filter.OncePerRequestFilter;

import io.github.contextvars.spring.annotation.ContextScoped;

/**
 * Application whose requests hand work over in many ways, or fail in many ways.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import({ LoadExecutors.class, LoadPages.class, FaultPages.class, LoadApplication.ScenarioFilter.class,
		LoadApplication.Helpers.class })
class LoadApplication {

	@Bean
	ServletRegistrationBean<HttpServlet> listenerServlet() {
		return new ServletRegistrationBean<>(new ListenerServlet(), RequestKind.LISTENER.path(),
				RequestKind.THROWS_IN_LISTENER.path(), RequestKind.TIMES_OUT_LISTENER.path());
	}

	/**
	 * Filter that begins each request's scenario, and checks it at both ends of each
	 * dispatch.
	 */
	static class ScenarioFilter extends OncePerRequestFilter {

		private final ViolationLog log;

		ScenarioFilter(ViolationLog log) {
			this.log = log;
		}

		@Override
		protected boolean shouldNotFilterAsyncDispatch() {
			return false;
		}

		@Override
		protected boolean shouldNotFilterErrorDispatch() {
			return false;
		}

		@Override
		protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
				throws ServletException, IOException {
			String dispatch = request.getDispatcherType() + " of " + request.getRequestURI();
			this.log.count(request.getDispatcherType() + " dispatches");
			RequestScenario scenario = (RequestScenario) request.getAttribute("scenario");
			if (scenario == null) {
				scenario = RequestScenario.begin(this.log, request.getParameter("id"));
				request.setAttribute("scenario", scenario);
				this.log.count(request.getRequestURI());
			}
			scenario.check(dispatch);
			try {
				chain.doFilter(request, response);
			}
			finally {
				scenario.check("end of " + dispatch);
			}
		}

	}

	/**
	 * Work on behalf of requests, and scheduled work, which is on behalf of none.
	 */
	public static class Helpers {

		private final ViolationLog log;

		Helpers(ViolationLog log) {
			this.log = log;
		}

		@Async
		public CompletableFuture<Void> runAsync(Runnable work) {
			work.run();
			return CompletableFuture.completedFuture(null);
		}

		@ContextScoped
		public void runScoped(Runnable work) {
			work.run();
		}

		@Scheduled(fixedRate = 2)
		void tick() {
			this.log.expectNothing("@Scheduled");
			ViolationLog.ID.set("the scheduler's");
			this.log.count("@Scheduled");
		}

	}

}
