package io.github.contextvars.demo;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

import org.apache.commons.logging.LogFactory;
import org.assertj.core.api.AbstractStringAssert;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the page in the Chromium that is installed on this machine. Skipped if no
 * browser is found.
 */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
class NotebookPageTests {

	private static final String TASK = "#tree > li > ul > li:has(> .context > .kind[data-kind=task])";

	private static final String PRINT = "#notes li:first-child button:nth-last-child(2)";

	private static final String MAIL = "#notes li:first-child button:last-child";

	private static final String NO_BROWSER = "The page is not tested: neither chromium, chromium-browser nor "
			+ "google-chrome is on the PATH";

	private static Browser browser;

	private DevTools page;

	private PrinterProcess printer;

	@BeforeAll
	static void startBrowser() throws Exception {
		Optional<Path> executable = Browser.find();
		if (executable.isPresent()) {
			browser = Browser.start(executable.get());
		}
		else {
			LogFactory.getLog(NotebookPageTests.class).warn(NO_BROWSER);
		}
	}

	@AfterAll
	static void closeBrowser() {
		if (browser != null) {
			browser.close();
		}
	}

	@BeforeEach
	void open(@Autowired TenantDataSource dataSource, @Autowired PrinterProcess printer, @LocalServerPort int port) {
		this.printer = printer;
		assumeThat(browser).as(NO_BROWSER).isNotNull();
		new TenantDatabases(dataSource).clear();
		this.page = browser.page();
		this.page.resize(1100, 900);
		this.page.open("http://127.0.0.1:" + port + "/");
		eventually().untilAsserted(() -> assertText("#notes-tenant").isEqualTo("acme"));
		eventually().until(() -> this.page.count("#tree .self") == 1);
	}

	@AfterEach
	void awaitCompletionWithoutErrors() {
		if (this.page != null) {
			eventually().until(() -> this.page.count(TASK) == 0);
			assertThat(this.page.takeErrors()).isEmpty();
		}
	}

	@Test
	void addShowsNoteToItsTenantOnly() {
		chooseTenant("globex");
		this.page.type("#user", "hank");
		this.page.type("#text", "Build a <b>laser</b>");
		this.page.click("#add button");

		eventually().untilAsserted(() -> assertText("#notes").contains("Build a <b>laser</b>", "hank"));
		chooseTenant("initech");
		assertText("#notes").isEmpty();
	}

	@Test
	void addWhenUserIsNotAcceptedShowsWhy() {
		this.page.type("#user", "ada lovelace");
		this.page.type("#text", "Buy milk");
		this.page.click("#add button");

		eventually().untilAsserted(() -> assertText("#responses .problem").startsWith("Header X-User must match"));
		// The browser logs the status of the response, which is not an error of the page.
		assertThat(this.page.takeErrors()).singleElement().asString().contains("400");
	}

	@Test
	void slowWorkIsShownInTreeUntilItCompletes() {
		this.page.choose("#seconds", "8");
		startImportAndExport();

		eventually().until(() -> this.page.count(TASK) == 2);
		assertText("#tree").contains("GET /notes/export", "tenant", "globex", "user", "hank", "task-", "waits");
		eventually().untilAsserted(
				() -> assertText(TASK + " > ul > li").contains("scoped", "CrossTenantNotes.readFrom", "acme"));
		this.page.evaluate("(() => { const task = document.querySelector('" + TASK + "');"
				+ " task.firstSeen = task.querySelector('.age').textContent; })()");
		eventually().until(
				() -> this.page
					.evaluate("[...document.querySelectorAll('" + TASK + "')].some((task) => task.firstSeen"
							+ " && task.querySelector('.age').textContent !== task.firstSeen)")
					.asBoolean());

		eventually().until(() -> this.page.count(TASK) == 0);
		eventually().untilAsserted(() -> assertText("#responses").contains("Imported 0 notes from acme to globex",
				"Notes of globex, exported by hank on task-"));
	}

	@Test
	void printIsShownBelowTheTaskThatHasCalledThePrinter() {
		chooseTenant("globex");
		this.page.type("#user", "hank");
		addNote("Build a laser");
		this.page.choose("#seconds", "8");
		this.page.click(PRINT);

		eventually()
			.untilAsserted(() -> assertText(TASK + " > ul > li:has(> .context > .origin > .service:not([hidden]))")
				.contains("request", "printer", "POST /sheets", "tenant", "globex", "user", "hank"));
		eventually()
			.untilAsserted(() -> assertText("#responses").contains("Printed “Build a laser” for hank of globex"));
	}

	@Test
	void mailIsShownBelowItsSenderWhichHasEnded() {
		addNote("Buy milk");
		this.page.choose("#seconds", "5");
		this.page.click(MAIL);

		eventually().untilAsserted(() -> assertText("#responses").contains("Note 1 is in the mail"));
		eventually().untilAsserted(() -> assertText("#tree > li:has(> .unlisted) > ul > li").contains("message",
				"printer", "JMS mail", "tenant", "acme", "user", "ada"));
		assertText("#tree > li > .unlisted").matches("(?s)#[0-9a-f]{16}\\s*not listed: completed");
		eventually().until(() -> this.page.count("#tree .service:not([hidden])") == 0);
	}

	@Test
	void printWhenPrinterIsDownShowsWhy() {
		addNote("Buy milk");
		this.printer.stop();
		try {
			this.page.click(PRINT);

			eventually().untilAsserted(() -> assertText("#responses .problem").isEqualTo("The printer is not running"));
			eventually().untilAsserted(() -> assertText("#trouble")
				.isEqualTo("The printer’s contexts could not be read: The printer is not running"));
			assertText("#tree").contains("this panel");
		}
		finally {
			this.printer.start();
		}
		eventually().until(() -> this.page.evaluate("document.getElementById('trouble').hidden").asBoolean());
		assertThat(this.page.takeErrors()).isNotEmpty()
			.allSatisfy((error) -> assertThat(error).asString().contains("503"));
	}

	@Test
	void sendShowsMismatchesOfNaiveWayOnly() {
		this.page.click("#send");

		eventually().untilAsserted(() -> assertText("#verdict").isEqualTo("0 mixed up"));
		assertText("#tally").startsWith("200 responses from").doesNotContain("failed");

		this.page.click("#naive");
		this.page.click("#send");

		eventually().untilAsserted(() -> assertText("#result.bad #verdict").matches("[1-9]\\d* mixed up"));
		assertText("#tally").startsWith("200 responses from").contains("another tenant").doesNotContain("failed");
		assertText("#mismatches").contains("was taken for");
	}

	@Test
	void pageFitsOnPhone() {
		this.page.resize(360, 740);
		startImportAndExport();

		eventually().until(() -> this.page.count(TASK) == 2);
		assertThat(this.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
			.asInt()).isZero();
	}

	@Test
	void controlsHaveNames() {
		assertThat(this.page.count("input, select, button")).isEqualTo(10);
		assertThat(this.page.evaluate("""
				[...document.querySelectorAll('input, select, button')].filter((control) => {
				  const name = (control.labels[0] ?? control).cloneNode(true);
				  name.querySelectorAll('input, select').forEach((inner) => inner.remove());
				  return !name.textContent.trim();
				}).map((control) => control.outerHTML)""")).isEmpty();
	}

	@Test
	@EnabledIfSystemProperty(named = "screenshot", matches = "true")
	void screenshot() throws Exception {
		for (String text : new String[] { "Buy milk", "Call the printer’s support", "Ship the release on Friday" }) {
			addNote(text);
		}
		this.page.click("#send");
		eventually().untilAsserted(() -> assertText("#verdict").isEqualTo("0 mixed up"));
		this.page.choose("#seconds", "8");
		startImportAndExport();
		chooseTenant("acme");
		this.page.type("#user", "ada");
		this.page.click(PRINT);
		this.page.click("#notes li:nth-child(2) button:last-child");
		eventually().until(() -> this.page.count(TASK) == 3);
		eventually().until(() -> this.page.count("#tree .service:not([hidden])") == 2);
		int height = this.page.evaluate("document.documentElement.scrollHeight").asInt();
		this.page.resize(1100, height);
		this.page.evaluate("document.activeElement.blur(), scrollTo(0, 0)");

		Files.write(Path.of("notebook.png"), this.page.screenshot());
	}

	// The elements below the notes move when other notes are shown, so wait for the
	// notes.
	private void chooseTenant(String tenant) {
		this.page.choose("#tenant", tenant);
		eventually().untilAsserted(() -> assertText("#notes-tenant").isEqualTo(tenant));
	}

	private void addNote(String text) {
		this.page.type("#text", text);
		this.page.click("#add button");
		eventually().untilAsserted(() -> assertText("#notes").contains(text));
	}

	private void startImportAndExport() {
		chooseTenant("globex");
		this.page.type("#user", "hank");
		this.page.choose("#from", "acme");
		this.page.click("#import");
		this.page.click("#export");
	}

	private AbstractStringAssert<?> assertText(String selector) {
		return assertThat(this.page.text(selector)).as(selector);
	}

	private static ConditionFactory eventually() {
		return await().atMost(Duration.ofSeconds(30));
	}

}
