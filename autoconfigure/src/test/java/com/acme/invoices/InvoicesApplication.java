package com.acme.invoices;

import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.data.jpa.repository.config.EnableJpaAuditing;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.annotation.EnableScheduling;

/**
 * The application of docs/how-to/auditing.md, whose tables have the column of the tenant
 * that docs/how-to/hibernate-tenants.md shows.
 */
@EnableAsync
@EnableJpaAuditing
@EnableScheduling
@SpringBootApplication
class InvoicesApplication {

}
