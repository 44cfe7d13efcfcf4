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
 * An application in which as much goes wrong as one likes.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import({ LoadExecutors.class, LoadPages.class, FaultPages.class, LoadApplication.ErrandFilter.class,
		LoadApplication.Helpers.class })
class LoadApplication {

	@Bean
	ServletRegistrationBean<HttpServlet> listenerServlet() {
		return new ServletRegistrationBean<>(new ListenerServlet(), ViolationKind.LISTENER.path(),
				ViolationKind.THROWS_IN_LISTENER.path(), ViolationKind.TIMES_OUT_LISTENER.path());
	}

	/**
	 * Begins each request's errand, and checks it at both ends of each dispatch.
	 */
	static class ErrandFilter extends OncePerRequestFilter {

		private final ViolationLog ledger;

		ErrandFilter(ViolationLog ledger) {
			this.ledger = ledger;
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
			this.ledger.count(request.getDispatcherType() + " dispatches");
			RequestScenario errand = (RequestScenario) request.getAttribute("errand");
			if (errand == null) {
				errand = RequestScenario.begin(this.ledger, request.getParameter("id"));
				request.setAttribute("errand", errand);
				this.ledger.count(request.getRequestURI());
			}
			errand.check(dispatch);
			try {
				chain.doFilter(request, response);
			}
			finally {
				errand.check("end of " + dispatch);
			}
		}

	}

	/**
	 * Work on behalf of a request, and some on behalf of nobody.
	 */
	public static class Helpers {

		private final ViolationLog ledger;

		Helpers(ViolationLog ledger) {
			this.ledger = ledger;
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
			this.ledger.expectNothing("@Scheduled");
			ViolationLog.ID.set("the scheduler's");
			this.ledger.count("@Scheduled");
		}

	}

}
