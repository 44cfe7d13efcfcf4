package io.github.contextvars.spring;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What carries context variables to other threads, row by row. Each group of rows stands
 * in a class of its own.
 */
class PropagationTests {

	@Nested
	@ParameterizedClass
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	class Requests extends RequestPropagationTests {

	}

	@Nested
	class AsyncMethodsAndEvents extends AsyncPropagationTests {

	}

	@Nested
	class ScheduledWork extends ScheduledPropagationTests {

	}

	@Nested
	class ExecutorBeansOfAllTypes extends ExecutorPropagationTests {

	}

	@Nested
	class FuturesAndStructuredConcurrency extends FuturePropagationTests {

	}

	@Nested
	class MicrometerAndReactor extends MicrometerPropagationTests {

	}

	@Nested
	class MessageListeners extends ListenerPropagationTests {

	}

	@Nested
	class Canaries extends PropagationFaultTests {

	}

}
