package io.github.contextvars.spring.stress;

import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;

import jakarta.servlet.http.HttpServletResponse;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.context.request.async.WebAsyncTask;
import org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody;

/**
 * Requests that fail, are cancelled, rejected or aborted, or time out.
 */
@RestController
class FaultPages {

	private static final int BLOCKS = 512;

	private final ExecutorService fullPool;

	private final ThreadPoolTaskExecutor springsFullPool;

	private final ThreadPoolTaskExecutor springsPool;

	FaultPages(ExecutorService fullPool, ThreadPoolTaskExecutor springsFullPool, ThreadPoolTaskExecutor springsPool) {
		this.fullPool = fullPool;
		this.springsFullPool = springsFullPool;
		this.springsPool = springsPool;
	}

	@GetMapping("/THROWS_BEFORE")
	void throwBefore(@RequestAttribute RequestScenario scenario) {
		scenario.advance();
		throw new IllegalStateException("planned");
	}

	@GetMapping("/THROWS_AFTER")
	void throwAfter(@RequestAttribute RequestScenario scenario, HttpServletResponse response) throws IOException {
		scenario.advance();
		response.setContentLength(1000);
		response.getOutputStream().print("partial");
		response.flushBuffer();
		throw new IllegalStateException("planned");
	}

	@GetMapping("/CANCELS")
	String cancel(@RequestAttribute RequestScenario scenario) throws Exception {
		CountDownLatch begun = new CountDownLatch(1);
		CountDownLatch never = new CountDownLatch(1);
		CountDownLatch ended = new CountDownLatch(1);
		scenario.advance();
		Runnable work = scenario.work("cancelled", () -> {
			begun.countDown();
			Awaiting.until(never);
		});
		Future<?> future = this.springsPool.submit(() -> {
			try {
				work.run();
			}
			finally {
				ended.countDown();
			}
		});
		scenario.advance();
		Awaiting.forLatch(begun);
		future.cancel(true);
		Awaiting.forLatch(ended);
		return ViolationLog.ID.get();
	}

	@GetMapping("/REJECTED")
	void reject(@RequestAttribute RequestScenario scenario) {
		scenario.advance();
		Executor full = (scenario.number() % 2 == 0) ? this.fullPool : this.springsFullPool;
		try {
			full.execute(scenario.work("rejected"));
		}
		catch (RejectedExecutionException ex) {
			scenario.log().count("rejections");
			scenario.advance();
			throw ex;
		}
	}

	@GetMapping("/ABORTED")
	Object abort(@RequestAttribute RequestScenario scenario, HttpServletResponse response) throws IOException {
		scenario.advance();
		if (scenario.number() % 2 == 0) {
			Runnable work = scenario.work("aborted stream");
			return (StreamingResponseBody) (out) -> {
				work.run();
				writeUntilItFails(scenario, out);
			};
		}
		writeUntilItFails(scenario, response.getOutputStream());
		return null;
	}

	private static void writeUntilItFails(RequestScenario scenario, OutputStream out) throws IOException {
		byte[] block = new byte[8192];
		try {
			for (int i = 0; i < BLOCKS; i++) {
				out.write(block);
				out.flush();
			}
		}
		catch (IOException ex) {
			scenario.log().count("aborts");
			throw ex;
		}
	}

	@GetMapping("/TIMES_OUT_DEFERRED")
	DeferredResult<String> timeOut(@RequestAttribute RequestScenario scenario) {
		scenario.advance();
		DeferredResult<String> result = new DeferredResult<>(1L);
		result.onTimeout(() -> {
			scenario.work("onTimeout").run();
			if (scenario.number() % 2 == 0) {
				result.setResult(scenario.id());
			}
		});
		result.onCompletion(() -> scenario.work("onCompletion").run());
		return result;
	}

	@GetMapping("/TIMES_OUT_CALLABLE")
	WebAsyncTask<String> timeOutCallable(@RequestAttribute RequestScenario scenario) {
		scenario.advance();
		CountDownLatch timedOut = new CountDownLatch(1);
		Runnable work = scenario.work("timed out", () -> Awaiting.until(timedOut));
		Callable<String> callable = () -> {
			work.run();
			return scenario.id();
		};
		WebAsyncTask<String> task = new WebAsyncTask<>(1L, callable);
		task.onTimeout(() -> {
			timedOut.countDown();
			scenario.work("onTimeout").run();
			return scenario.id();
		});
		return task;
	}

}
