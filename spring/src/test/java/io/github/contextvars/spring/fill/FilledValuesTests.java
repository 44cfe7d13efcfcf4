package io.github.contextvars.spring.fill;

import org.junit.jupiter.api.Test;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.fill.FilledValues.Source;

import static org.assertj.core.api.Assertions.assertThat;

class FilledValuesTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

	private final FilledValues filled = new FilledValues();

	@Test
	void setReplacesTheValueOfAWeakerOrTheSameSource() {
		new Context().run(() -> {
			this.filled.set(TENANT, "received", Source.RECEIVED);
			assertThat(TENANT.get()).isEqualTo("received");
			this.filled.set(TENANT, "header", Source.HEADER);
			assertThat(TENANT.get()).isEqualTo("header");
			this.filled.set(TENANT, "second", Source.HEADER);
			assertThat(TENANT.get()).isEqualTo("second");
		});
	}

	@Test
	void setKeepsTheValueOfAStrongerSource() {
		new Context().run(() -> {
			this.filled.set(TENANT, "user", Source.PRINCIPAL);
			this.filled.set(TENANT, "header", Source.HEADER);
			assertThat(TENANT.get()).isEqualTo("user");
		});
	}

	@Test
	void setKeepsTheValueOfTheApplication() {
		new Context().run(() -> {
			TENANT.set("application");
			this.filled.set(TENANT, "user", Source.PRINCIPAL);
			assertThat(TENANT.get()).isEqualTo("application");
		});
		new Context().run(() -> {
			this.filled.set(TENANT, "header", Source.HEADER);
			TENANT.set("application");
			this.filled.set(TENANT, "user", Source.PRINCIPAL);
			assertThat(TENANT.get()).isEqualTo("application");
		});
	}

	@Test
	void removeBringsBackWhatWasBeforeTheFirstSource() {
		new Context().run(() -> {
			this.filled.set(TENANT, "received", Source.RECEIVED);
			this.filled.set(TENANT, "header", Source.HEADER);

			assertThat(this.filled.remove(TENANT)).isTrue();
			assertThat(FilledValues.isSet(TENANT)).isFalse();
		});
	}

	@Test
	void removeLeavesWhatTheApplicationHasSet() {
		new Context().run(() -> {
			TENANT.set("application");
			assertThat(this.filled.remove(TENANT)).isTrue();
			assertThat(TENANT.get()).isEqualTo("application");
		});
		new Context().run(() -> {
			this.filled.set(TENANT, "header", Source.HEADER);
			TENANT.set("application");
			assertThat(this.filled.remove(TENANT)).isTrue();
			assertThat(TENANT.get()).isEqualTo("application");
		});
	}

	@Test
	void removeInACopyOfTheContextTellsThatTheValueIsStillThere() {
		Context session = new Context();
		session.run(() -> this.filled.set(TENANT, "header", Source.HEADER));

		session.copy().run(() -> {
			assertThat(this.filled.remove(TENANT)).isFalse();
			assertThat(TENANT.get()).isEqualTo("header");
		});
	}

	@Test
	void isSetIsTrueOfADefaultThatWasSet() {
		new Context().run(() -> {
			assertThat(FilledValues.isSet(TENANT)).isFalse();
			TENANT.set("-");
			assertThat(FilledValues.isSet(TENANT)).isTrue();
		});
	}

}
