package io.github.contextvars.demo;

import java.util.List;
import java.util.stream.IntStream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.resttestclient.autoconfigure.AutoConfigureRestTestClient;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.test.web.servlet.client.RestTestClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link NotebookApplication} over HTTP.
 */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@AutoConfigureRestTestClient
class NotebookApplicationTests {

	@Autowired
	private RestTestClient client;

	private TenantDatabases databases;

	@Autowired
	void setDataSource(TenantDataSource dataSource) {
		this.databases = new TenantDatabases(dataSource);
	}

	@BeforeEach
	void clear() {
		this.databases.clear();
	}

	private RestTestClient client() {
		return this.client;
	}

	private TenantDatabases databases() {
		return this.databases;
	}

	private RestTestClient.ResponseSpec get(String path, String tenant, String user) {
		return this.client.get().uri(path).header("X-Tenant", tenant).header("X-User", user).exchange();
	}

	private RestTestClient.ResponseSpec post(String path, String tenant, String user) {
		return this.client.post().uri(path).header("X-Tenant", tenant).header("X-User", user).exchange();
	}

	private RestTestClient.ResponseSpec add(String text, String tenant, String user) {
		return this.client.post()
			.uri("/notes")
			.header("X-Tenant", tenant)
			.header("X-User", user)
			.contentType(MediaType.APPLICATION_JSON)
			.body("{\"text\": \"" + text + "\"}")
			.exchange();
	}

	@Nested
	class Add {

		@Test
		void addCreatesNoteOfUserInDatabaseOfTenant() {
			add("Buy milk", "acme", "ada").expectStatus()
				.isCreated()
				.expectBody()
				.json("{\"id\": 1, \"author\": \"ada\", \"text\": \"Buy milk\"}");

			assertThat(databases().notes("acme")).containsExactly(new Note(1, "ada", "Buy milk"));
			assertThat(databases().notes("globex")).isEmpty();
		}

		@Test
		void addWhenNoUserIsAnonymous() {
			client().post()
				.uri("/notes")
				.header("X-Tenant", "acme")
				.contentType(MediaType.APPLICATION_JSON)
				.body("{\"text\": \"Buy milk\"}")
				.exchange()
				.expectStatus()
				.isCreated();

			assertThat(databases().notes("acme")).extracting(Note::author).containsExactly("anonymous");
		}

		@ParameterizedTest
		@ValueSource(ints = { 0, 1001 })
		void addWhenTextHasWrongLengthIsBadRequest(int length) {
			add("x".repeat(length), "acme", "ada").expectStatus()
				.isBadRequest()
				.expectBody()
				.jsonPath("$.detail")
				.isEqualTo("'text' must have 1 to 1000 characters");

			assertThat(databases().notes("acme")).isEmpty();
		}

	}

	@Nested
	class Listing {

		@Test
		void listShowsNotesOfTenantOnly() {
			add("Buy milk", "acme", "ada");
			add("Build a laser", "globex", "hank");

			get("/notes", "acme", "ada").expectStatus().isOk().expectBody().json("""
					{"tenant": "acme", "notes": [{"id": 1, "author": "ada", "text": "Buy milk"}]}""");
		}

	}

	@Nested
	class Search {

		@Test
		void searchFindsNotesOfTenantOnlyWhateverTheirCase() {
			add("Buy milk", "acme", "ada");
			add("Build a laser", "acme", "ada");
			add("Milk the sharks", "globex", "hank");

			get("/notes/search?text=MILK", "acme", "ada").expectStatus().isOk().expectBody().json("""
					{"tenant": "acme", "notes": [{"id": 1, "author": "ada", "text": "Buy milk"}]}""");
		}

	}

	@Nested
	class Import {

		@Test
		void importCopiesNotesOfOtherTenantToCallersTenant() {
			add("Build a laser", "globex", "hank");

			post("/notes/import?from=globex", "acme", "ada").expectStatus()
				.isOk()
				.expectBody()
				.json("{\"from\": \"globex\", \"count\": 1}");

			assertThat(databases().notes("acme")).containsExactly(new Note(1, "hank", "Build a laser"));
			assertThat(databases().notes("globex")).hasSize(1);
		}

		@Test
		void importRestoresTenant() {
			add("Build a laser", "globex", "hank");

			post("/notes/import?from=globex", "acme", "ada").expectStatus().isOk();

			await().untilAsserted(() -> assertThat(databases().audit("acme"))
				.extracting(AuditTrail.Entry::tenant, AuditTrail.Entry::actor, AuditTrail.Entry::action)
				.contains(tuple("acme", "ada", "imported 1 notes from globex")));
			assertThat(databases().audit("globex")).extracting(AuditTrail.Entry::actor).doesNotContain("ada");
		}

		@Test
		void importWhenOtherTenantIsUnknownIsNotFound() {
			post("/notes/import?from=hooli", "acme", "ada").expectStatus()
				.isNotFound()
				.expectBody()
				.jsonPath("$.detail")
				.isEqualTo("Parameter 'from' names an unknown tenant: 'hooli'");
		}

	}

	@Nested
	class Export {

		@Test
		void exportRunsOnOtherThreadAndSeesCaller() {
			add("Buy milk", "acme", "ada");
			add("Build a laser", "globex", "hank");

			get("/notes/export", "acme", "grace").expectStatus()
				.isOk()
				.expectHeader()
				.contentTypeCompatibleWith(MediaType.TEXT_PLAIN)
				.expectBody(String.class)
				.value((text) -> assertThat(text)
					.matches("Notes of acme, exported by grace on task-\\d+\n1\\. Buy milk \\(ada\\)\n"));
		}

	}

	@Nested
	class Printing {

		@Test
		void printAndMailBringTenantAndUserToPrinter() {
			add("Buy milk", "acme", "ada");
			add("Build a laser", "globex", "hank");

			post("/notes/1/print", "acme", "grace").expectStatus().isOk().expectBody().json("""
					{"tenant": "acme", "user": "grace", "by": "print", "text": "Buy milk"}""");
			post("/notes/1/mail", "globex", "hank").expectStatus()
				.isAccepted()
				.expectBody(String.class)
				.isEqualTo("Note 1 is in the mail\n");

			awaitSheet("acme", "grace", "print", "Buy milk");
			awaitSheet("globex", "hank", "mail", "Build a laser");
		}

		@Test
		void tenantsStayIsolatedAcrossServices() {
			List<String> tenants = List.of("acme", "globex", "initech");
			tenants.forEach((tenant) -> add("of " + tenant, tenant, "ada"));

			IntStream.range(0, 60).parallel().forEach((number) -> {
				String tenant = tenants.get(number % 3);
				post("/notes/1/" + ((number % 2 == 0) ? "print" : "mail"), tenant, "isolated-" + number).expectStatus()
					.is2xxSuccessful();
			});

			for (int number = 0; number < 60; number++) {
				String tenant = tenants.get(number % 3);
				awaitSheet(tenant, "isolated-" + number, (number % 2 == 0) ? "print" : "mail", "of " + tenant);
			}
			tenants.forEach((tenant) -> get("/notes/sheets", tenant, "auditor").expectBody()
				.jsonPath("$[?(@.tenant != '" + tenant + "')]")
				.doesNotExist()
				.jsonPath("$[?(@.user =~ /isolated-\\d+/ && @.text != 'of " + tenant + "')]")
				.doesNotExist());
		}

		@Test
		void requestOfPrinterIsChildOfTheOneThatHasSentIt() {
			client().get()
				.uri("/printer/contextvars")
				.exchange()
				.expectStatus()
				.isOk()
				.expectBody()
				.jsonPath("$.contexts[?(@.current == true && @.parent == null && @.remoteParent =~ /[0-9a-f]{16}/)]")
				.exists();
		}

		@Test
		void printWhenPrinterIsDownSaysSoAndMailWaits(@Autowired PrinterProcess printer) {
			add("Buy milk", "acme", "ada");
			printer.stop();
			try {
				for (String path : List.of("/notes/1/print", "/notes/1/mail")) {
					post(path, "acme", "waiting").expectStatus()
						.isEqualTo(path.endsWith("mail") ? HttpStatus.ACCEPTED : HttpStatus.SERVICE_UNAVAILABLE);
				}
				get("/printer/contextvars", "acme", "ada").expectStatus()
					.isEqualTo(HttpStatus.SERVICE_UNAVAILABLE)
					.expectBody()
					.jsonPath("$.detail")
					.isEqualTo("The printer is not running");
			}
			finally {
				printer.start();
			}

			awaitSheet("acme", "waiting", "mail", "Buy milk");
			post("/notes/1/print", "acme", "ada").expectStatus().isOk();
		}

		@Test
		void printWhenNoteIsOfOtherTenantIsNotFound() {
			add("Buy milk", "acme", "ada");

			post("/notes/1/print", "globex", "hank").expectStatus()
				.isNotFound()
				.expectBody()
				.jsonPath("$.detail")
				.isEqualTo("There is no note 1");
		}

		private void awaitSheet(String tenant, String user, String by, String text) {
			await().untilAsserted(() -> get("/notes/sheets", tenant, "auditor").expectStatus()
				.isOk()
				.expectBody()
				.jsonPath("$[?(@.tenant == '%s' && @.user == '%s' && @.by == '%s' && @.text == '%s')]".formatted(tenant,
						user, by, text))
				.exists());
		}

	}

	@Nested
	class Pauses {

		@Test
		void exportWhenPauseIsTooLongIsBadRequest() {
			get("/notes/export?seconds=11", "acme", "ada").expectStatus()
				.isBadRequest()
				.expectBody()
				.jsonPath("$.detail")
				.isEqualTo("Parameter 'seconds' must be 0 to 10");
		}

		@Test
		void importWhenPauseIsNegativeIsBadRequest() {
			post("/notes/import?from=globex&seconds=-1", "acme", "ada").expectStatus().isBadRequest();
		}

	}

	@Nested
	class Audit {

		@Test
		void auditListsWhatWasRecordedOnOtherThread() {
			add("Buy milk", "acme", "linus");

			await().untilAsserted(() -> get("/audit", "acme", "auditor").expectStatus()
				.isOk()
				.expectBody()
				.jsonPath("$[?(@.actor == 'linus' && @.tenant == 'acme' && @.action == 'added note 1'"
						+ " && @.thread =~ /task-\\d+/)]")
				.exists());
			get("/audit", "globex", "auditor").expectBody().jsonPath("$[?(@.actor == 'linus')]").doesNotExist();
		}

	}

	@Nested
	class Rejections {

		@ParameterizedTest
		@ValueSource(strings = { "/notes", "/notes/export", "/audit" })
		void getWhenNoTenantIsBadRequest(String path) {
			client().get()
				.uri(path)
				.exchange()
				.expectStatus()
				.isBadRequest()
				.expectHeader()
				.contentType(MediaType.APPLICATION_PROBLEM_JSON)
				.expectBody()
				.jsonPath("$.detail")
				.isEqualTo("Header X-Tenant is missing: it names the tenant");
		}

		@ParameterizedTest
		@CsvSource({ "hooli, ada, 404, unknown tenant: 'hooli'", "AC ME, ada, 400, X-Tenant must match",
				"acme, <b>ada</b>, 400, X-User must match" })
		void getWhenHeaderIsNotAcceptedNamesIt(String tenant, String user, int status, String detail) {
			get("/notes", tenant, user).expectStatus()
				.isEqualTo(status)
				.expectHeader()
				.contentType(MediaType.APPLICATION_PROBLEM_JSON)
				.expectBody()
				.jsonPath("$.detail")
				.value(String.class, (value) -> assertThat(value).contains(detail));
		}

	}

}
