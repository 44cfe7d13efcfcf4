package io.github.contextvars.spring.jfr;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsJfrAutoConfiguration;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Program that runs a unit of work, for a runtime without the module {@code jdk.jfr}.
 */
public final class WithoutFlightRecorder {

	private WithoutFlightRecorder() {
	}

	public static void main(String[] args) {
		System.out.println("jfr: " + ModuleLayer.boot().findModule("jdk.jfr").isPresent());
		new ApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(ContextVarsAutoConfiguration.class, ContextVarsJfrAutoConfiguration.class))
			.withUserConfiguration(Variables.class)
			.run((context) -> {
				WorkRegistry registry = context.getBean(WorkRegistry.class);
				registry.run(registry.create(UnitOfWork.Kind.TASK, () -> "main"), () -> {
					Variables.TENANT.set("acme");
					System.out.println("tenant: " + Variables.TENANT.get());
				});
			});
	}

	@Configuration(proxyBeanMethods = false)
	static class Variables {

		@ContextVariable(observed = true)
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

	}

}
