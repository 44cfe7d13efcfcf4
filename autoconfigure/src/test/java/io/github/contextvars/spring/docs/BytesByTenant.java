package io.github.contextvars.spring.docs;

// tag::bytes-by-tenant[]
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;

import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

public final class BytesByTenant {

	private final Map<Long, NavigableMap<Instant, RecordedEvent>> work = new HashMap<>();

	private final Map<String, Long> bytes = new TreeMap<>();

	public static void main(String[] args) throws IOException {
		BytesByTenant sums = new BytesByTenant();
		List<RecordedEvent> events = RecordingFile.readAllEvents(Path.of(args[0]));
		events.forEach(sums::addWork);
		events.forEach(sums::addAllocation);
		sums.bytes.forEach((tenant, sum) -> System.out.println(tenant + " " + sum / 1_000_000 + " MB"));
	}

	private void addWork(RecordedEvent event) {
		if (event.getEventType().getName().equals("io.github.contextvars.Work")) {
			this.work.computeIfAbsent(event.getThread().getId(), (thread) -> new TreeMap<>())
				.put(event.getStartTime(), event);
		}
	}

	private void addAllocation(RecordedEvent event) {
		if (event.getEventType().getName().equals("jdk.ObjectAllocationSample")) {
			this.bytes.merge(tenantOf(event), event.getLong("weight"), Long::sum);
		}
	}

	// The innermost unit of work is the last one that has begun and not ended.
	private String tenantOf(RecordedEvent event) {
		return this.work.getOrDefault(event.getThread().getId(), new TreeMap<>())
			.headMap(event.getStartTime(), true)
			.descendingMap()
			.values()
			.stream()
			.filter((unit) -> !unit.getEndTime().isBefore(event.getStartTime()))
			.findFirst()
			.map((unit) -> Objects.requireNonNullElse(unit.getString("tenant"), "-"))
			.orElse("-");
	}

}
// end::bytes-by-tenant[]
