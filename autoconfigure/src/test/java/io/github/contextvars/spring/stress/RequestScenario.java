package io.github.contextvars.spring.stress;

/**
 * One request as it goes on. Knows what the request's context must hold, and hands out
 * work that knows what its own copy must hold; all of them set other values, so that what
 * runs over in either direction is seen.
 */
final class RequestScenario {

	private final ViolationLog ledger;

	private final String id;

	// Advanced by the request's dispatches only, which follow one another.
	private volatile String step;

	private int steps;

	private RequestScenario(ViolationLog ledger, String id) {
		this.ledger = ledger;
		this.id = id;
	}

	static RequestScenario begin(ViolationLog ledger, String id) {
		ledger.expectNothing("request " + id);
		ViolationLog.ID.set(id);
		return new RequestScenario(ledger, id);
	}

	String id() {
		return this.id;
	}

	int number() {
		return Integer.parseInt(this.id);
	}

	ViolationLog ledger() {
		return this.ledger;
	}

	void advance() {
		check("before a step");
		this.step = this.id + "-" + ++this.steps;
		ViolationLog.STEP.set(this.step);
	}

	void check(String where) {
		this.ledger.expect(where, this.id, this.step);
	}

	/**
	 * Make work that expects the values of this moment, whenever it is run and however
	 * often.
	 */
	Runnable work(String where, Runnable body) {
		String expected = this.step;
		return () -> {
			this.ledger.count(where);
			this.ledger.expect(where, this.id, expected);
			String own = this.id + "@" + where;
			ViolationLog.ID.set(own);
			ViolationLog.STEP.set(where);
			try {
				body.run();
			}
			finally {
				this.ledger.expect(where + " at its end", own, where);
				this.ledger.count(where + ", ended");
			}
		};
	}

	Runnable work(String where) {
		return work(where, () -> {
		});
	}

}
