package com.acme.support;

import java.io.IOException;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.stereotype.Component;
import org.springframework.stereotype.Service;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.filter.OncePerRequestFilter;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;

/**
 * The application of docs/how-to/logs.md.
 */
@EnableAsync
@SpringBootApplication
class SupportApplication {

	// tag::logs-variable[]
	@ContextVariable(description = "Whose data this request may touch", logged = true)
	static final ContextVar<String> TENANT = ContextVar.of("tenant");

	// end::logs-variable[]

	// tag::logs-filter[]
	@Component
	static class TicketFilter extends OncePerRequestFilter {

		@Override
		protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
				throws ServletException, IOException {
			MDC.put("ticket", request.getParameter("ticket"));
			chain.doFilter(request, response);
		}

	}
	// end::logs-filter[]

	@RestController
	record Tickets(Answers answers) {

		private static final Logger logger = LoggerFactory.getLogger(Tickets.class);

		@GetMapping("/open")
		void open() {
			logger.info("Ticket opened");
			this.answers.prepare();
		}

	}

	// tag::logs-async[]
	@Service
	static class Answers {

		private static final Logger logger = LoggerFactory.getLogger(Answers.class);

		@Async
		void prepare() {
			logger.info("Answer prepared");
		}

	}
	// end::logs-async[]

}
