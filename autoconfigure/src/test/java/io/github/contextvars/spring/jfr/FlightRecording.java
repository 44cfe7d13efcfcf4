package io.github.contextvars.spring.jfr;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;

import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

/**
 * Recording of the library's events, and of others by their names. Flight Recorder is one
 * for the JVM: tests tell their events by the names of their fields.
 */
final class FlightRecording implements AutoCloseable {

	static final String WORK = "io.github.contextvars.Work";

	private final Recording recording = new Recording();

	private final Path file;

	private FlightRecording(String... others) throws IOException {
		this.file = Files.createTempFile("work", ".jfr");
		this.recording.enable(WORK);
		for (String other : others) {
			this.recording.enable(other).withoutThreshold().withStackTrace();
		}
		this.recording.start();
	}

	static FlightRecording start(String... others) throws IOException {
		return new FlightRecording(others);
	}

	/**
	 * End the recording.
	 * @return the file with the events
	 */
	Path stop() throws IOException {
		this.recording.stop();
		this.recording.dump(this.file);
		return this.file;
	}

	/**
	 * End the recording, and read its events of units of work.
	 * @param field the name of a field that they have
	 * @return the events, in the order in which they began
	 */
	List<RecordedEvent> stopAndReadWork(String field) throws IOException {
		return readWork(stop(), field);
	}

	static List<RecordedEvent> readWork(Path file, String field) throws IOException {
		return read(file, WORK).stream().filter((event) -> event.hasField(field)).toList();
	}

	static List<RecordedEvent> read(Path file, String type) throws IOException {
		return RecordingFile.readAllEvents(file)
			.stream()
			.filter((event) -> event.getEventType().getName().equals(type))
			.sorted(Comparator.comparing(RecordedEvent::getStartTime))
			.toList();
	}

	/**
	 * Return whether an event is inside another one, as tools see it: on the same thread,
	 * and at the same time.
	 * @param event the event
	 * @param around the event around it
	 * @return whether it is inside
	 */
	static boolean isInside(RecordedEvent event, RecordedEvent around) {
		Instant end = event.getEndTime();
		return event.getThread().getId() == around.getThread().getId() && !end.isBefore(around.getStartTime())
				&& !end.isAfter(around.getEndTime());
	}

	@Override
	public void close() throws IOException {
		this.recording.close();
		Files.delete(this.file);
	}

}
