package io.github.contextvars.spring.threadlocal;

import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.aot.hint.TypeReference;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.util.ClassUtils;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;

/**
 * Hook for publishers that have one subscription to their source for several subscribers,
 * such as {@code Mono.cache} and {@code Flux.share}. Reactor's automatic mode restores
 * the values of the first subscriber around their signals: all others would read the
 * values of that one's request. Behind the hook, each subscriber has its own.
 * <p>
 * A {@link BeanFactoryPostProcessor}, so that it is there before beans assemble
 * publishers. Those that were assembled before the application started are not reached.
 */
final class SharedPublishers
		implements Function<Publisher<Object>, Publisher<Object>>, BeanFactoryPostProcessor, DisposableBean {

	private static final String KEY = SharedPublishers.class.getName();

	private static final List<String> NAMES = Stream
		.of("MonoCacheTime", "MonoCacheInvalidateIf", "MonoCacheInvalidateWhen", "FluxRefCount", "FluxRefCountGrace",
				"FluxAutoConnect", "FluxAutoConnectFuseable")
		.map((name) -> "reactor.core.publisher." + name)
		.toList();

	private static final Set<Class<?>> SHARED = NAMES.stream()
		.filter((name) -> ClassUtils.isPresent(name, SharedPublishers.class.getClassLoader()))
		.map((name) -> ClassUtils.resolveClassName(name, SharedPublishers.class.getClassLoader()))
		.collect(Collectors.toUnmodifiableSet());

	private static int users;

	SharedPublishers() {
		synchronized (SharedPublishers.class) {
			users++;
			Hooks.onEachOperator(KEY, this);
		}
	}

	@Override
	public void postProcessBeanFactory(ConfigurableListableBeanFactory beanFactory) {
		// It is there.
	}

	@Override
	public void destroy() {
		synchronized (SharedPublishers.class) {
			if (--users == 0) {
				Hooks.resetOnEachOperator(KEY);
			}
		}
	}

	// The automatic mode may be switched on later: each subscription asks.
	@Override
	public Publisher<Object> apply(Publisher<Object> publisher) {
		if (!SHARED.contains(publisher.getClass())) {
			return publisher;
		}
		if (publisher instanceof Mono<Object> mono) {
			return Mono.defer(() -> Hooks.isAutomaticContextPropagationEnabled()
					? mono.contextWrite((context) -> context) : mono);
		}
		Flux<Object> flux = (Flux<Object>) publisher;
		return Flux
			.defer(() -> Hooks.isAutomaticContextPropagationEnabled() ? flux.contextWrite((context) -> context) : flux);
	}

	/**
	 * Runtime hints for the classes that are looked for by their names.
	 */
	static final class Hints implements RuntimeHintsRegistrar {

		@Override
		public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
			NAMES.forEach((name) -> hints.reflection().registerType(TypeReference.of(name)));
		}

	}

}
