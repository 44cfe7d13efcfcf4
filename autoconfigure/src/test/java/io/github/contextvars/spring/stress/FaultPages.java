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
 * Requests that end badly.
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
	void throwBefore(@RequestAttribute RequestScenario errand) {
		errand.advance();
		throw new IllegalStateException("planned");
	}

	@GetMapping("/THROWS_AFTER")
	void throwAfter(@RequestAttribute RequestScenario errand, HttpServletResponse response) throws IOException {
		errand.advance();
		response.setContentLength(1000);
		response.getOutputStream().print("partial");
		response.flushBuffer();
		throw new IllegalStateException("planned");
	}

	@GetMapping("/CANCELS")
	String cancel(@RequestAttribute RequestScenario errand) throws Exception {
		CountDownLatch begun = new CountDownLatch(1);
		CountDownLatch never = new CountDownLatch(1);
		CountDownLatch ended = new CountDownLatch(1);
		errand.advance();
		Runnable work = errand.work("cancelled", () -> {
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
		errand.advance();
		Awaiting.forLatch(begun);
		future.cancel(true);
		Awaiting.forLatch(ended);
		return ViolationLog.ID.get();
	}

	@GetMapping("/REJECTED")
	void reject(@RequestAttribute RequestScenario errand) {
		errand.advance();
		Executor full = (errand.number() % 2 == 0) ? this.fullPool : this.springsFullPool;
		try {
			full.execute(errand.work("rejected"));
		}
		catch (RejectedExecutionException ex) {
			errand.ledger().count("rejections");
			errand.advance();
			throw ex;
		}
	}

	@GetMapping("/ABORTED")
	Object abort(@RequestAttribute RequestScenario errand, HttpServletResponse response) throws IOException {
		errand.advance();
		if (errand.number() % 2 == 0) {
			Runnable work = errand.work("aborted stream");
			return (StreamingResponseBody) (out) -> {
				work.run();
				writeUntilItFails(errand, out);
			};
		}
		writeUntilItFails(errand, response.getOutputStream());
		return null;
	}

	private static void writeUntilItFails(RequestScenario errand, OutputStream out) throws IOException {
		byte[] block = new byte[8192];
		try {
			for (int i = 0; i < BLOCKS; i++) {
				out.write(block);
				out.flush();
			}
		}
		catch (IOException ex) {
			errand.ledger().count("aborts");
			throw ex;
		}
	}

	@GetMapping("/TIMES_OUT_DEFERRED")
	DeferredResult<String> timeOut(@RequestAttribute RequestScenario errand) {
		errand.advance();
		DeferredResult<String> result = new DeferredResult<>(1L);
		result.onTimeout(() -> {
			errand.work("onTimeout").run();
			if (errand.number() % 2 == 0) {
				result.setResult(errand.id());
			}
		});
		result.onCompletion(() -> errand.work("onCompletion").run());
		return result;
	}

	@GetMapping("/TIMES_OUT_CALLABLE")
	WebAsyncTask<String> timeOutCallable(@RequestAttribute RequestScenario errand) {
		errand.advance();
		CountDownLatch timedOut = new CountDownLatch(1);
		Runnable work = errand.work("timed out", () -> Awaiting.until(timedOut));
		Callable<String> callable = () -> {
			work.run();
			return errand.id();
		};
		WebAsyncTask<String> task = new WebAsyncTask<>(1L, callable);
		task.onTimeout(() -> {
			timedOut.countDown();
			errand.work("onTimeout").run();
			return errand.id();
		});
		return task;
	}

}
