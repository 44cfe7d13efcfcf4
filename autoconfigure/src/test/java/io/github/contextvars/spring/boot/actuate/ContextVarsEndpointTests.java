package io.github.contextvars.spring.boot.actuate;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.support.StaticListableBeanFactory;
import org.springframework.boot.actuate.endpoint.SanitizingFunction;
import org.springframework.boot.actuate.endpoint.Show;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.ResolvableType;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.registry.OutsideContextPolicy;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.testsupport.Hostile;

import static org.assertj.core.api.Assertions.assertThat;

class ContextVarsEndpointTests {

	private static final ContextVar<Object> VALUE = ContextVar.of("value");

	static final OutsideContextPolicy NO_ACCESS = noAccess();

	static final ObjectProvider<PropagationSource> NO_PROPAGATION = new StaticListableBeanFactory()
		.getBeanProvider(PropagationSource.class);

	private final WorkRegistry live = WorkRegistry.tracking();

	@Test
	void valuesWithHostileMethodsPrintAsTheirTypes() {
		Map<String, Object> variables = describeWith(new Hostile(), Show.ALWAYS, List.of());

		assertThat(variables).containsEntry("value", Hostile.class.getName());
	}

	@Test
	void nullIsShownAsNull() {
		assertThat(describeWith(null, Show.ALWAYS, List.of())).containsEntry("value", null);
	}

	@Test
	void failingSanitizingFunctionMasksItsValueOnly() {
		SanitizingFunction failing = (data) -> {
			throw new IllegalStateException("planned");
		};

		assertThat(describeWith("secret", Show.ALWAYS, List.of(failing))).containsEntry("value", "******");
	}

	@Test
	void clientWithoutHttpIsAuthorized() {
		assertThat(describeWith("v", Show.NEVER, List.of())).containsEntry("value", "******");
		assertThat(describeWith("v", Show.WHEN_AUTHORIZED, List.of())).containsEntry("value", "v");
		assertThat(describeWith("v", Show.ALWAYS, List.of())).containsEntry("value", "v");
	}

	@Test
	void undeclaredVariableThatSharesTheNameOfSensitiveOneIsMasked() {
		ContextVar<String> declared = ContextVar.of("value");
		ContextVariableRegistry variables = new ContextVariableRegistry(List.of(new ContextVariableRegistry.Declaration(
				declared, "Test#VALUE", ResolvableType.forClass(String.class), "", true, false, false, "")));
		ContextVarsEndpoint endpoint = new ContextVarsEndpoint(variables, this.live, NO_ACCESS, NO_PROPAGATION,
				List.of(), Show.ALWAYS);
		ContextVarsEndpoint.ContextVarsDescriptor[] described = new ContextVarsEndpoint.ContextVarsDescriptor[1];

		run(() -> {
			declared.set("secret");
			VALUE.set("secret");
			described[0] = endpoint.contextVars();
		});

		assertThat(described[0].contexts().get(0).variables()).hasSize(2)
			.allSatisfy((name, value) -> assertThat(value).isEqualTo("******"));
	}

	@Test
	void variableThatAnotherApplicationDeclaresSensitiveIsMasked() {
		ContextVarsEndpoint ofParent = endpoint(Show.ALWAYS, List.of());
		Object[] shown = new Object[2];

		run(() -> {
			Child.TICKET.set("secret");
			try (GenericApplicationContext child = new GenericApplicationContext()) {
				child.registerBean(Child.class);
				child.registerBean(ContextVariableRegistry.class,
						() -> ContextVariableRegistry.of(child.getBeanFactory()));
				child.refresh();
				shown[0] = ofParent.contextVars().contexts().get(0).variables().get("ticket");
			}
			shown[1] = ofParent.contextVars().contexts().get(0).variables().get("ticket");
		});

		assertThat(shown).containsExactly("******", "secret");
	}

	@Test
	void listsAreCappedAndCountsAreTrue() {
		ContextVarsEndpoint endpoint = endpoint(Show.ALWAYS, List.of());
		List<ContextVarsEndpoint.ContextVarsDescriptor> described = new ArrayList<>();
		Deque<Context.Scope> scopes = new ArrayDeque<>();
		for (int i = 0; i < 1200; i++) {
			scopes.push(this.live.enter(this.live.create(UnitOfWork.Kind.SCOPED, () -> "test", null, new Context())));
		}
		VALUE.set(42);
		described.add(endpoint.contextVars());
		described.add(endpoint.contextVar("value"));
		scopes.forEach(Context.Scope::close);

		assertThat(described.get(0).contexts()).hasSize(1000);
		assertThat(described.get(0).contextCount()).isEqualTo(1200);
		assertThat(described.get(1).contexts()).singleElement()
			.extracting(ContextVarsEndpoint.ContextDescriptor::variables)
			.isEqualTo(Map.of("value", 42));
		assertThat(this.live.list()).isEmpty();
	}

	@Test
	void variablesOfOneContextAreCappedAndCountIsTrue() {
		ContextVarsEndpoint endpoint = endpoint(Show.ALWAYS, List.of());
		List<ContextVarsEndpoint.ContextVarsDescriptor> described = new ArrayList<>();
		run(() -> {
			for (int i = 0; i < 150; i++) {
				ContextVar.of("v" + i).set(i);
			}
			described.add(endpoint.contextVars());
		});

		assertThat(described.get(0).contexts().get(0).variables()).hasSize(100);
		assertThat(described.get(0).contexts().get(0).variableCount()).isEqualTo(150);
	}

	@Test
	void idsByWhichProcessesKnowTheirUnitsAreShown() {
		List<ContextVarsEndpoint.ContextVarsDescriptor> described = new ArrayList<>();
		UnitOfWork unit = this.live.create(UnitOfWork.Kind.TASK, () -> "test");
		this.live.run(unit, () -> {
			described.add(endpoint(Show.NEVER, List.of()).contextVars());
			unit.receiveRemoteParent("0123456789abcdef");
			unit.obtainRemoteId();
			described.add(endpoint(Show.NEVER, List.of()).contextVars());
		});

		assertThat(described.get(0).contexts()).singleElement().satisfies((context) -> {
			assertThat(context.remoteParent()).isNull();
			assertThat(context.remoteId()).isNull();
		});
		assertThat(described.get(1).contexts()).singleElement().satisfies((context) -> {
			assertThat(context.remoteParent()).isEqualTo("0123456789abcdef");
			assertThat(context.remoteId()).isEqualTo(unit.obtainRemoteId());
			assertThat(context.parent()).isNull();
		});
	}

	@Test
	void unknownVariableIsNull() {
		assertThat(endpoint(Show.ALWAYS, List.of()).contextVar("nothing")).isNull();
	}

	@Test
	void sinceIsWhenTheWorkBegan() {
		Instant before = Instant.ofEpochMilli(System.currentTimeMillis());
		List<ContextVarsEndpoint.ContextVarsDescriptor> described = new ArrayList<>();
		run(() -> described.add(endpoint(Show.NEVER, List.of()).contextVars()));

		assertThat(described.get(0).contexts().get(0).since()).isBetween(before, Instant.now());
	}

	private Map<String, Object> describeWith(Object value, Show show, List<SanitizingFunction> functions) {
		ContextVarsEndpoint endpoint = endpoint(show, functions);
		ContextVarsEndpoint.ContextVarsDescriptor[] described = new ContextVarsEndpoint.ContextVarsDescriptor[1];
		run(() -> {
			VALUE.set(value);
			described[0] = endpoint.contextVars();
		});
		return described[0].contexts().get(0).variables();
	}

	private ContextVarsEndpoint endpoint(Show show, List<SanitizingFunction> functions) {
		return new ContextVarsEndpoint(new ContextVariableRegistry(List.of()), this.live, NO_ACCESS, NO_PROPAGATION,
				functions, show);
	}

	private void run(Runnable body) {
		this.live.run(this.live.create(UnitOfWork.Kind.TASK, () -> "test", null, new Context()), body);
	}

	private static OutsideContextPolicy noAccess() {
		OutsideContextPolicy policy = OutsideContextPolicy.install(new ContextVariableRegistry(List.of()),
				OutsideContextPolicy.Mode.ALLOW, OutsideContextPolicy.Mode.ALLOW);
		policy.close();
		return policy;
	}

	static class Child {

		@ContextVariable(sensitive = true)
		static final ContextVar<String> TICKET = ContextVar.of("ticket");

	}

}
