package io.github.contextvars.demo;

import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.stereotype.Component;

import io.github.contextvars.Token;

/**
 * {@link ApplicationRunner} that adds archived notes, on behalf of each tenant that is to
 * have some.
 */
@Component
class ArchiveRunner implements ApplicationRunner {

	private final Archives archives;

	private final NoteStore notes;

	ArchiveRunner(Archives archives, NoteStore notes) {
		this.archives = archives;
		this.notes = notes;
	}

	@Override
	public void run(ApplicationArguments args) {
		this.archives.archive().forEach((tenant, count) -> {
			try (Token<String> token = TenantInterceptor.TENANT.set(tenant)) {
				this.notes.addArchive(count);
			}
		});
	}

}
