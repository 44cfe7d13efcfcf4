package io.github.contextvars.spring;

import org.junit.jupiter.api.Nested;

/**
 * What carries context variables to other threads, row by row. Each group of rows stands
 * in a class of its own.
 */
class CarriesTests {

	@Nested
	class AsyncMethodsAndEvents extends AsyncRows {

	}

	@Nested
	class ScheduledWork extends ScheduledRows {

	}

	@Nested
	class ExecutorBeansOfAllTypes extends ExecutorRows {

	}

}
