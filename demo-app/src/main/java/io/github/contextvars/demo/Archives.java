package io.github.contextvars.demo;

import java.util.Map;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Configuration properties that give tenants an archive of notes, which makes them slow.
 *
 * @param archive the number of archived notes, by the names of tenants; empty by default
 */
@ConfigurationProperties("notebook")
record Archives(@DefaultValue Map<String, Integer> archive) {

}
