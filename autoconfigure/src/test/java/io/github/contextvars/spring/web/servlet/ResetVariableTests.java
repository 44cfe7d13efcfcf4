package io.github.contextvars.spring.web.servlet;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import jakarta.servlet.DispatcherType;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.springframework.mock.web.MockFilterChain;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;

import io.github.contextvars.ContextVar;
import io.github.contextvars.Token;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The warning of a variable that an asynchronous dispatch does not see.
 */
class ResetVariableTests {

	private final MockHttpServletRequest request = new MockHttpServletRequest("GET", "/notes");

	private final ContextFilter filter = new ContextFilter(WorkRegistry.tracking());

	@Test
	void variableThatWasResetBeforeAnAsynchronousDispatchIsWarnedOfOnce() throws Exception {
		ContextVar<String> stays = ContextVar.of("stays for the dispatch");
		ContextVar<String> reset = ContextVar.of("reset before the dispatch");
		this.request.setAsyncSupported(true);
		ListAppender<ILoggingEvent> appender = new ListAppender<>();
		Logger logger = (Logger) LoggerFactory.getLogger(ContextFilter.class);
		appender.start();
		logger.addAppender(appender);
		try {
			for (int i = 0; i < 2; i++) {
				this.filter.doFilter(this.request, new MockHttpServletResponse(), (request, response) -> {
					stays.set("value");
					Token<String> token = reset.set("value");
					request.startAsync(request, response);
					reset.reset(token);
				});
				dispatch(DispatcherType.ERROR);
				assertThat(appender.list).hasSize(i);
				dispatch(DispatcherType.ASYNC);
				dispatch(DispatcherType.ASYNC);
				assertThat(appender.list).hasSize(1);
			}
		}
		finally {
			logger.detachAppender(appender);
		}

		assertThat(appender.list.get(0).getFormattedMessage())
			.startsWith("Context variable 'reset before the dispatch' was reset before 'GET /notes' had ended, and its"
					+ " asynchronous dispatch does not see it.");
	}

	private void dispatch(DispatcherType type) throws Exception {
		this.request.setDispatcherType(type);
		this.filter.doFilter(this.request, new MockHttpServletResponse(), new MockFilterChain());
		this.request.setDispatcherType(DispatcherType.REQUEST);
	}

}
