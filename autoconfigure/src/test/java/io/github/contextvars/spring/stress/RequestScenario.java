package io.github.contextvars.spring.stress;

/**
 * One request as it goes on. Knows what the request's context must hold, and hands out
 * work that knows what its own copy must hold; all of them set other values, so that what
 * runs over in either direction is seen.
 */
final class RequestScenario {

	private final ViolationLog log;

	private final String id;

	// Advanced by the request's dispatches only, which follow one another.
	private volatile String step;

	private int steps;

	private RequestScenario(ViolationLog log, String id) {
		this.log = log;
		this.id = id;
	}

	static RequestScenario begin(ViolationLog log, String id) {
		log.expectNothing("request " + id);
		ViolationLog.ID.set(id);
		return new RequestScenario(log, id);
	}

	String id() {
		return this.id;
	}

	int number() {
		return Integer.parseInt(this.id);
	}

	ViolationLog log() {
		return this.log;
	}

	void advance() {
		check("before a step");
		this.step = this.id + "-" + ++this.steps;
		ViolationLog.STEP.set(this.step);
	}

	void check(String where) {
		this.log.expect(where, this.id, this.step);
	}

	/**
	 * Make work that expects the values of this moment, whenever it is run and however
	 * often.
	 */
	Runnable work(String where, Runnable body) {
		String expected = this.step;
		return () -> {
			this.log.count(where);
			this.log.expect(where, this.id, expected);
			String own = this.id + "@" + where;
			ViolationLog.ID.set(own);
			ViolationLog.STEP.set(where);
			try {
				body.run();
			}
			finally {
				this.log.expect(where + " at its end", own, where);
				this.log.count(where + ", ended");
			}
		};
	}

	Runnable work(String where) {
		return work(where, () -> {
		});
	}

}
