package io.github.contextvars.spring.jfr;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

import jdk.jfr.Event;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.consumer.RecordedEvent;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Event of a test inside a unit of work. It has the value that was set there.
 */
@Name(Probe.NAME)
@StackTrace(false)
final class Probe extends Event {

	static final String NAME = "io.github.contextvars.Probe";

	String kind;

	String expected;

	static void commit(String kind, String expected) {
		Probe probe = new Probe();
		probe.kind = kind;
		probe.expected = expected;
		probe.commit();
	}

	static List<RecordedEvent> read(Path file) throws IOException {
		return FlightRecording.read(file, NAME);
	}

	/**
	 * Assert that the innermost unit of work around each probe has the probe's kind and
	 * value.
	 * @param file the recording
	 * @param field the field with the value
	 * @return the events of units of work that have the field
	 */
	static List<RecordedEvent> assertMatch(Path file, String field) throws IOException {
		List<RecordedEvent> work = FlightRecording.readWork(file, field);
		assertThat(read(file)).isNotEmpty().allSatisfy((probe) -> {
			List<RecordedEvent> around = work.stream()
				.filter((event) -> FlightRecording.isInside(probe, event))
				.toList();
			assertThat(around).as(probe.toString()).isNotEmpty();
			RecordedEvent innermost = around.get(around.size() - 1);
			assertThat(innermost.getString(field)).isEqualTo(probe.getString("expected"));
			assertThat(innermost.getString("kind")).isEqualTo(probe.getString("kind"));
		});
		return work;
	}

}
