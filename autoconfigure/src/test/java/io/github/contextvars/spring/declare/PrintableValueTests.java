package io.github.contextvars.spring.declare;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.chrono.ChronoLocalDate;
import java.time.chrono.ThaiBuddhistDate;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class PrintableValueTests {

	@Test
	void ofWhenSimpleIsTheValue() {
		assertThat(PrintableValue.of("text")).isEqualTo("text");
		assertThat(PrintableValue.of(42)).isEqualTo(42);
		assertThat(PrintableValue.of(4.2)).isEqualTo(4.2);
		assertThat(PrintableValue.of(true)).isEqualTo(true);
		assertThat(PrintableValue.of(null)).isNull();
		assertThat(PrintableValue.of('c')).isEqualTo("c");
		assertThat(PrintableValue.of(BigInteger.TEN)).isEqualTo(BigInteger.TEN);
		assertThat(PrintableValue.of(new BigDecimal("1.50"))).isEqualTo(new BigDecimal("1.50"));
		assertThat(PrintableValue.of(new UUID(1, 2))).isEqualTo("00000000-0000-0001-0000-000000000002");
		assertThat(PrintableValue.of(Locale.GERMANY)).isEqualTo("de_DE");
		assertThat(PrintableValue.of(TimeUnit.DAYS)).isEqualTo("DAYS");
	}

	@Test
	void ofWhenTimeIsItsText() {
		assertThat(PrintableValue.of(Instant.EPOCH)).isEqualTo("1970-01-01T00:00:00Z");
		assertThat(PrintableValue.of(Duration.ofMinutes(1))).isEqualTo("PT1M");
		assertThat(PrintableValue.of(ZoneId.of("Europe/Berlin"))).isEqualTo("Europe/Berlin");
		assertThat(PrintableValue.of(ZoneOffset.UTC)).isEqualTo("Z");
	}

	@Test
	void ofWhenLongIsCut() {
		assertThat(PrintableValue.of("x".repeat(1000))).isEqualTo("x".repeat(256));
	}

	@Test
	void ofWhenEnumOverridesToStringIsName() {
		assertThat(PrintableValue.of(Talkative.VALUE)).isEqualTo("VALUE");
	}

	@Test
	void ofWhenNumberIsHugeIsItsType() {
		assertThat(PrintableValue.of(BigInteger.ONE.shiftLeft(1_000_000))).isEqualTo("java.math.BigInteger");
		assertThat(PrintableValue.of(new BigDecimal("1e1000000"))).isEqualTo("java.math.BigDecimal");
	}

	@Test
	void ofWhenAnythingElseIsItsType() {
		assertThat(PrintableValue.of(new AtomicInteger(7))).isEqualTo("java.util.concurrent.atomic.AtomicInteger");
		assertThat(PrintableValue.of(Clock.systemUTC())).isEqualTo("java.time.Clock$SystemClock");
		assertThat(PrintableValue.of(new StringBuilder("secret"))).isEqualTo("java.lang.StringBuilder");
		assertThat(PrintableValue.of(new int[] { 1 })).isEqualTo("[I");
		BigInteger subclass = new BigInteger("1") {

			private static final long serialVersionUID = 1L;

			@Override
			public String toString() {
				throw new IllegalStateException("toString");
			}

		};
		assertThat(PrintableValue.of(subclass)).isEqualTo(subclass.getClass().getName());
	}

	@Test
	void ofWhenTimeMayHoldSomebodysCalendarIsItsType() {
		ChronoLocalDate hostile = (ChronoLocalDate) Proxy.newProxyInstance(getClass().getClassLoader(),
				new Class<?>[] { ChronoLocalDate.class }, (proxy, method, arguments) -> {
					if (method.getName().equals("atTime")) {
						return InvocationHandler.invokeDefault(proxy, method, arguments);
					}
					throw new IllegalStateException(method.getName());
				});

		assertThat(PrintableValue.of(hostile.atTime(LocalTime.NOON)))
			.isEqualTo("java.time.chrono.ChronoLocalDateTimeImpl");
		assertThat(PrintableValue.of(ThaiBuddhistDate.of(2569, 11, 21))).isEqualTo("ThaiBuddhist BE 2569-11-21");
	}

	@Test
	void lineWhenControlCharactersEscapesThem() {
		assertThat(PrintableValue.line("a\r\nb\u001b[31m\u0085\u2028\u2029c"))
			.isEqualTo("a\\u000d\\u000ab\\u001b[31m\\u0085\\u2028\\u2029c");
		assertThat(PrintableValue.line("\n".repeat(256))).hasSize(256).doesNotContain("\n");
	}

	@Test
	void lineWhenNoTextIsTextOfTheValue() {
		assertThat(PrintableValue.line(42)).isEqualTo("42");
		assertThat(PrintableValue.line(null)).isEqualTo("null");
		assertThat(PrintableValue.line(new StringBuilder("secret"))).isEqualTo("java.lang.StringBuilder");
	}

	private enum Talkative {

		VALUE;

		@Override
		public String toString() {
			throw new IllegalStateException("toString");
		}

	}

}
