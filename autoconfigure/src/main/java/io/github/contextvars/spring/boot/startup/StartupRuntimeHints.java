package io.github.contextvars.spring.boot.startup;

import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.CommandLineRunner;
import org.springframework.context.ApplicationListener;

/**
 * {@link RuntimeHintsRegistrar} for the proxies of runners and listeners that are
 * lambdas, whose class is known at run time only.
 */
final class StartupRuntimeHints implements RuntimeHintsRegistrar {

	@Override
	public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
		for (Class<?> type : new Class<?>[] { ApplicationRunner.class, CommandLineRunner.class,
				ApplicationListener.class }) {
			hints.proxies().registerJdkProxy(AopProxyUtils.completeJdkProxyInterfaces(type));
		}
	}

}
