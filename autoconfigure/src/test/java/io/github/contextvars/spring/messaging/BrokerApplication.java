package io.github.contextvars.spring.messaging;

import java.util.List;

import org.springframework.beans.factory.BeanFactory;

import io.github.contextvars.spring.testing.MixedWork;
import io.github.contextvars.spring.work.PropagationSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What tests of brokers share: messages that are the ids of units of work, some of which
 * fail.
 */
final class BrokerApplication {

	static final int UNITS = 240;

	private BrokerApplication() {
	}

	static List<MixedWork.Unit> units(String prefix) {
		return MixedWork.units(UNITS)
			.stream()
			.map((unit) -> new MixedWork.Unit(prefix + unit.id(), unit.tenant()))
			.toList();
	}

	static boolean fails(String id) {
		return id.matches(".*unit-\\d*[17]5");
	}

	static void assertPropagates(BeanFactory beans, String name) {
		assertThat(beans.getBeanProvider(PropagationSource.class)
			.stream()
			.flatMap(PropagationSource::entries)
			.filter((entry) -> entry.name().equals(name))).singleElement()
			.satisfies((entry) -> assertThat(entry.propagates()).as(entry.toString()).isTrue());
	}

}
