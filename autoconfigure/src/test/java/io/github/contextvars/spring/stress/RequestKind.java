package io.github.contextvars.spring.stress;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * What a request does, and how it ends.
 */
enum RequestKind {

	POOL, WRAPPED, ASYNC, STAGES, SCHEDULED, SCOPED, CALLABLE, STREAMING, DEFERRED, LISTENER,

	THROWS_BEFORE, THROWS_AFTER, THROWS_IN_LISTENER, CANCELS, REJECTED, ABORTED,

	TIMES_OUT_DEFERRED, TIMES_OUT_CALLABLE, TIMES_OUT_LISTENER;

	static final List<RequestKind> GOOD = Stream.of(values())
		.filter((kind) -> kind.compareTo(THROWS_BEFORE) < 0)
		.toList();

	static final List<RequestKind> FAULTS = Stream.of(values()).filter((kind) -> !GOOD.contains(kind)).toList();

	private static final List<RequestKind> QUICK_FAULTS = FAULTS.stream().filter((kind) -> !kind.timesOut()).toList();

	private static final List<RequestKind> TIME_OUTS = FAULTS.stream().filter(RequestKind::timesOut).toList();

	private static final int PERCENT_TIME_OUTS = 2;

	private static final int PERCENT_FAULTS = 15;

	static RequestKind next(SplittableRandom random) {
		int percent = random.nextInt(100);
		List<RequestKind> kinds = (percent < PERCENT_TIME_OUTS) ? TIME_OUTS
				: (percent < PERCENT_FAULTS) ? QUICK_FAULTS : GOOD;
		return kinds.get(random.nextInt(kinds.size()));
	}

	// The container looks for them once a second.
	boolean timesOut() {
		return compareTo(TIMES_OUT_DEFERRED) >= 0;
	}

	boolean isFault() {
		return FAULTS.contains(this);
	}

	String path() {
		return "/" + name();
	}

}
