package io.github.contextvars.spring.threadlocal;

import org.junit.jupiter.api.Test;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;

import static org.assertj.core.api.Assertions.assertThat;

class ContextThreadLocalAccessorTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

	private final ContextThreadLocalAccessor accessor = new ContextThreadLocalAccessor();

	@Test
	void restoreLeavesWhatWasEnteredSinceTheValueWasRead() {
		this.accessor.setValue(captured("acme"));
		ContextThreadLocalAccessor.Captured previous = this.accessor.getValue();
		this.accessor.setValue(captured("globex"));
		this.accessor.setValue();
		assertThat(TENANT.get()).isEqualTo("none");

		this.accessor.restore(previous);
		assertThat(TENANT.get()).isEqualTo("acme");

		this.accessor.setValue(captured("initech"));
		this.accessor.restore(previous);
		assertThat(TENANT.get()).isEqualTo("acme");
		this.accessor.restore();
		assertThat(Context.depth()).isZero();
	}

	@Test
	void restoreWhenTheFrameIsGoneLeavesNothing() {
		this.accessor.setValue(captured("acme"));
		ContextThreadLocalAccessor.Captured gone = this.accessor.getValue();
		this.accessor.restore();
		this.accessor.setValue(captured("globex"));

		this.accessor.restore(gone);

		assertThat(TENANT.get()).isEqualTo("globex");
		this.accessor.restore();
		assertThat(Context.depth()).isZero();
	}

	@Test
	void toStringShowsNamesAndNoValue() {
		assertThat(captured("secret").toString()).contains("tenant").doesNotContain("secret");
	}

	private ContextThreadLocalAccessor.Captured captured(String tenant) {
		return new Context().call(() -> {
			TENANT.set(tenant);
			return this.accessor.getValue();
		});
	}

}
