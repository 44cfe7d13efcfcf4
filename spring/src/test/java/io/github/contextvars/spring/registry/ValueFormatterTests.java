package io.github.contextvars.spring.registry;

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

class ValueFormatterTests {

	@Test
	void ofWhenSimpleIsTheValue() {
		assertThat(ValueFormatter.of("text")).isEqualTo("text");
		assertThat(ValueFormatter.of(42)).isEqualTo(42);
		assertThat(ValueFormatter.of(4.2)).isEqualTo(4.2);
		assertThat(ValueFormatter.of(true)).isEqualTo(true);
		assertThat(ValueFormatter.of(null)).isNull();
		assertThat(ValueFormatter.of('c')).isEqualTo("c");
		assertThat(ValueFormatter.of(BigInteger.TEN)).isEqualTo(BigInteger.TEN);
		assertThat(ValueFormatter.of(new BigDecimal("1.50"))).isEqualTo(new BigDecimal("1.50"));
		assertThat(ValueFormatter.of(new UUID(1, 2))).isEqualTo("00000000-0000-0001-0000-000000000002");
		assertThat(ValueFormatter.of(Locale.GERMANY)).isEqualTo("de_DE");
		assertThat(ValueFormatter.of(TimeUnit.DAYS)).isEqualTo("DAYS");
	}

	@Test
	void ofWhenTimeIsItsText() {
		assertThat(ValueFormatter.of(Instant.EPOCH)).isEqualTo("1970-01-01T00:00:00Z");
		assertThat(ValueFormatter.of(Duration.ofMinutes(1))).isEqualTo("PT1M");
		assertThat(ValueFormatter.of(ZoneId.of("Europe/Berlin"))).isEqualTo("Europe/Berlin");
		assertThat(ValueFormatter.of(ZoneOffset.UTC)).isEqualTo("Z");
	}

	@Test
	void ofWhenLongIsCut() {
		assertThat(ValueFormatter.of("x".repeat(1000))).isEqualTo("x".repeat(256));
	}

	@Test
	void ofWhenEnumOverridesToStringIsName() {
		assertThat(ValueFormatter.of(Talkative.VALUE)).isEqualTo("VALUE");
	}

	@Test
	void ofWhenNumberIsHugeIsItsType() {
		assertThat(ValueFormatter.of(BigInteger.ONE.shiftLeft(1_000_000))).isEqualTo("java.math.BigInteger");
		assertThat(ValueFormatter.of(new BigDecimal("1e1000000"))).isEqualTo("java.math.BigDecimal");
	}

	@Test
	void numberIsPrintedInFullOrNotAtAll() {
		for (int bits = 0; bits < 1_100; bits++) {
			BigInteger number = BigInteger.ONE.shiftLeft(bits).negate();
			BigDecimal decimal = new BigDecimal(number, bits);
			assertThat(ValueFormatter.line(number)).isIn(number.toString(), "java.math.BigInteger")
				.hasSizeLessThanOrEqualTo(256);
			assertThat(ValueFormatter.line(decimal)).isIn(decimal.toString(), "java.math.BigDecimal")
				.hasSizeLessThanOrEqualTo(256);
		}
	}

	@Test
	void ofWhenAnythingElseIsItsType() {
		assertThat(ValueFormatter.of(new AtomicInteger(7))).isEqualTo("java.util.concurrent.atomic.AtomicInteger");
		assertThat(ValueFormatter.of(Clock.systemUTC())).isEqualTo("java.time.Clock$SystemClock");
		assertThat(ValueFormatter.of(new StringBuilder("secret"))).isEqualTo("java.lang.StringBuilder");
		assertThat(ValueFormatter.of(new int[] { 1 })).isEqualTo("[I");
		BigInteger subclass = new BigInteger("1") {

			private static final long serialVersionUID = 1L;

			@Override
			public String toString() {
				throw new IllegalStateException("toString");
			}

		};
		assertThat(ValueFormatter.of(subclass)).isEqualTo(subclass.getClass().getName());
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

		assertThat(ValueFormatter.of(hostile.atTime(LocalTime.NOON)))
			.isEqualTo("java.time.chrono.ChronoLocalDateTimeImpl");
		assertThat(ValueFormatter.of(ThaiBuddhistDate.of(2569, 11, 21))).isEqualTo("ThaiBuddhist BE 2569-11-21");
	}

	@Test
	void lineWhenControlCharactersEscapesThem() {
		assertThat(ValueFormatter.line("a\r\nb\u001b[31m\u0085\u2028\u2029c"))
			.isEqualTo("a\\u000d\\u000ab\\u001b[31m\\u0085\\u2028\\u2029c");
		assertThat(ValueFormatter.line("\n".repeat(256))).hasSize(256).doesNotContain("\n");
	}

	@Test
	void lineWhenNoTextIsTextOfTheValue() {
		assertThat(ValueFormatter.line(42)).isEqualTo("42");
		assertThat(ValueFormatter.line(null)).isEqualTo("null");
		assertThat(ValueFormatter.line(new StringBuilder("secret"))).isEqualTo("java.lang.StringBuilder");
	}

	private enum Talkative {

		VALUE;

		@Override
		public String toString() {
			throw new IllegalStateException("toString");
		}

	}

}
