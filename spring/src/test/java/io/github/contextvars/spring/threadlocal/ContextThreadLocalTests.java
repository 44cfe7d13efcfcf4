package io.github.contextvars.spring.threadlocal;

import org.junit.jupiter.api.Test;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

class ContextThreadLocalTests {

	private final ContextVar<String> variable = ContextVar.of("tenant");

	private final ThreadLocal<String> holder = ContextThreadLocal.of(this.variable);

	@Test
	void followsTheVariableIntoContextsAndOutOfThem() {
		new Context().run(() -> {
			this.variable.set("acme");
			assertThat(this.holder.get()).isEqualTo("acme");
			Context.copyOfCurrent().run(() -> {
				this.variable.set("globex");
				assertThat(this.holder.get()).isEqualTo("globex");
			});
			assertThat(this.holder.get()).isEqualTo("acme");
		});
		assertThat(this.holder.get()).isNull();
	}

	@Test
	void setIsReadThroughTheVariable() {
		new Context().run(() -> {
			this.holder.set("acme");
			assertThat(this.variable.get()).isEqualTo("acme");
			this.holder.remove();
			assertThat(this.holder.get()).isNull();
		});
	}

	@Test
	void initialValueIsTheVariablesDefault() {
		ThreadLocal<String> withDefault = ContextThreadLocal.of(ContextVar.of("tenant", "none"));

		assertThat(withDefault.get()).isEqualTo("none");
		new Context().run(() -> {
			withDefault.set("acme");
			withDefault.remove();
			assertThat(withDefault.get()).isEqualTo("none");
		});
	}

	@Test
	void removeOutsideAnyContextDoesNothing() {
		Context.onSetOutside((any) -> {
			throw new IllegalStateException("rejected");
		});
		try {
			assertThatNoException().isThrownBy(this.holder::remove);
		}
		finally {
			Context.onSetOutside(null);
		}
	}

}
