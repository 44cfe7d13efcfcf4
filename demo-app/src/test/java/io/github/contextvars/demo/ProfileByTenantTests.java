package io.github.contextvars.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.resttestclient.autoconfigure.AutoConfigureRestTestClient;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.web.servlet.client.RestTestClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Finds the slow tenant in one recording.
 */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
		properties = { "notebook.archive.initech=20000", "spring.application.name=profile" })
@AutoConfigureRestTestClient
class ProfileByTenantTests {

	@Test
	void mostIsAllocatedForTheTenantWithTheArchive(@Autowired RestTestClient client, @TempDir Path directory)
			throws IOException {
		List<RecordedEvent> events;
		try (Recording recording = new Recording()) {
			recording.enable("io.github.contextvars.Work");
			recording.enable("jdk.ObjectAllocationInNewTLAB");
			recording.start();
			for (int i = 0; i < 10; i++) {
				for (String tenant : List.of("acme", "globex", "initech")) {
					client.get()
						.uri("/notes/search?text=milk")
						.header("X-Tenant", tenant)
						.exchange()
						.expectStatus()
						.isOk()
						.expectBody()
						.json("{\"tenant\": \"" + tenant + "\", \"notes\": []}");
				}
			}
			recording.stop();
			Path file = directory.resolve("notebook.jfr");
			recording.dump(file);
			events = RecordingFile.readAllEvents(file);
		}

		Map<String, Long> bytes = new HashMap<>();
		List<RecordedEvent> searches = events.stream()
			.filter((event) -> event.getEventType().getName().equals("io.github.contextvars.Work")
					&& "GET /notes/search".equals(event.getString("origin")) && event.getString("tenant") != null)
			.toList();
		events.stream()
			.filter((event) -> event.hasField("tlabSize"))
			.forEach((event) -> searches.stream()
				.filter((search) -> isInside(event, search))
				.forEach((search) -> bytes.merge(search.getString("tenant"), event.getLong("tlabSize"), Long::sum)));
		assertThat(searches).extracting((search) -> search.getString("tenant")).contains("acme", "globex", "initech");
		assertThat(Collections.max(bytes.entrySet(), Map.Entry.comparingByValue()).getKey()).isEqualTo("initech");
	}

	private static boolean isInside(RecordedEvent event, RecordedEvent around) {
		return event.getThread().getId() == around.getThread().getId()
				&& !event.getStartTime().isBefore(around.getStartTime())
				&& !event.getStartTime().isAfter(around.getEndTime());
	}

}
