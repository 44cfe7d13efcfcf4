package com.acme.ledger;

import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.scheduling.annotation.EnableAsync;

/**
 * The application of docs/how-to/routing-data-source.md.
 */
@ConfigurationPropertiesScan
@EnableAsync
@SpringBootApplication
class LedgerApplication {

}
