package com.acme.ledger;

import java.util.Map;

import org.springframework.boot.context.properties.ConfigurationProperties;

// tag::routing-properties[]
@ConfigurationProperties("ledger")
record LedgerProperties(Map<String, String> databases) {

}
// end::routing-properties[]
