package io.github.contextvars.spring;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What carries context variables to other threads, row by row. Each group of rows stands
 * in a class of its own.
 */
class CarriesTests {

	@Nested
	@ParameterizedClass
	@MethodSource("io.github.contextvars.spring.testing.Threading#available")
	class Requests extends RequestRows {

	}

	@Nested
	class AsyncMethodsAndEvents extends AsyncRows {

	}

	@Nested
	class ScheduledWork extends ScheduledRows {

	}

	@Nested
	class ExecutorBeansOfAllTypes extends ExecutorRows {

	}

	@Nested
	class FuturesAndStructuredConcurrency extends FutureRows {

	}

	@Nested
	class MicrometerAndReactor extends MicrometerRows {

	}

	@Nested
	class MessageListeners extends ListenerRows {

	}

	@Nested
	class Canaries extends CanaryRows {

	}

}
