package io.github.contextvars;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

import io.github.contextvars.testsupport.TestThreads;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ChangeHandler}, through {@link Context#onChange}. Isolated, because
 * the handler is that of the JVM.
 */
@Isolated
class ChangeHandlerTests {

	private static final ContextVar<String> VAR = ContextVar.of("var", "none");

	private static final ContextVar<String> OTHER = ContextVar.of("other", "none");

	private final List<String> calls = Collections.synchronizedList(new ArrayList<>());

	@AfterEach
	void removeHandler() {
		Context.onChange(null);
	}

	@Test
	void handlerIsCalledAfterEachSetAndReset() {
		Context.onChange((var, context) -> this.calls.add(var.name() + "=" + context.get(var)));

		new Context().run(() -> {
			Token<String> token = VAR.set("one");
			OTHER.set("two");
			VAR.reset(token);
		});

		assertThat(this.calls).containsExactly("var=one", "other=two", "var=null");
	}

	@Test
	void handlerIsCalledWithTheContextThatIsCurrentOnTheCallingThread() throws Exception {
		Context context = new Context();
		List<Boolean> same = new ArrayList<>();
		Context.onChange((var, changed) -> same.add(changed == context && var.get().equals("inside")));

		TestThreads.run(() -> context.run(() -> VAR.set("inside")));
		TestThreads.run(() -> VAR.set("inside"));

		assertThat(same).containsExactly(true, false);
	}

	@Test
	void handlerIsNotCalledForEnteringAndLeaving() {
		Context context = new Context();
		context.run(() -> VAR.set("before"));
		Context.onChange((var, changed) -> this.calls.add(var.name()));

		context.run(() -> assertThat(VAR.get()).isEqualTo("before"));
		context.enter().close();

		assertThat(this.calls).isEmpty();
	}

	@Test
	void setAndResetWhenHandlerThrowsChangeTheVariable() {
		Context.onChange((var, context) -> {
			throw new StackOverflowError("of the handler");
		});

		new Context().run(() -> {
			Token<String> token = VAR.set("set");
			assertThat(VAR.get()).isEqualTo("set");
			VAR.reset(token);
			assertThat(VAR.get()).isEqualTo("none");
		});
	}

	@Test
	void handlerIsReplacedAndRemoved() {
		Context.onChange((var, context) -> this.calls.add("first"));
		Context.onChange((var, context) -> this.calls.add("second"));
		new Context().run(() -> VAR.set("one"));
		Context.onChange(null);
		new Context().run(() -> VAR.set("two"));

		assertThat(this.calls).containsExactly("second");
	}

}
