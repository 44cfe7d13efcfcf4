package io.github.contextvars.spring.work;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.listener.ReactiveRedisMessageListenerContainer;
import org.springframework.jms.listener.endpoint.JmsMessageEndpointManager;
import org.springframework.web.reactive.DispatcherHandler;
import org.springframework.web.socket.server.standard.ServerEndpointRegistration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Entry points that the library does not reach are named, and those that are absent cost
 * nothing.
 */
class UninstrumentedEntryPointsTests {

	@Test
	void decoratedHandlerOfWebFluxIsNotNamed() {
		DefaultListableBeanFactory beanFactory = new DefaultListableBeanFactory();
		beanFactory.registerBeanDefinition("webHandler", new RootBeanDefinition(DispatcherHandler.class));
		assertThat(new UninstrumentedEntryPoints(beanFactory).entries()).hasSize(1);

		beanFactory.registerSingleton("contextVarsHttpHandlerDecorator", new Object());
		assertThat(new UninstrumentedEntryPoints(beanFactory).entries()).isEmpty();
	}

	@Test
	void beansThatBeginWorkOutsideAnyContextAreNamed() {
		DefaultListableBeanFactory beanFactory = new DefaultListableBeanFactory();
		Map<String, Class<?>> beans = Map.of("endpoint", ServerEndpointRegistration.class, "adapter",
				JmsMessageEndpointManager.class, "signals", ReactiveRedisMessageListenerContainer.class, "webflux",
				DispatcherHandler.class);
		beans.forEach((name, type) -> beanFactory.registerBeanDefinition(name, new RootBeanDefinition(type)));

		assertThat(new UninstrumentedEntryPoints(beanFactory).entries()).allSatisfy((entry) -> {
			assertThat(entry.propagates()).isFalse();
			assertThat(entry.reason()).isNotBlank();
		}).extracting(PropagationSource.Entry::name).containsExactlyInAnyOrderElementsOf(beans.keySet());
		assertThat(beanFactory.getSingletonCount()).isZero();
	}

	@Test
	void applicationWithoutFrameworksLoadsNoneOfTheirClasses() throws Exception {
		try (RecordingClassLoader loader = new RecordingClassLoader()) {
			Thread thread = Thread.currentThread();
			ClassLoader previous = thread.getContextClassLoader();
			thread.setContextClassLoader(loader);
			try {
				loader.loadClass(Application.class.getName())
					.getMethod("main", String[].class)
					.invoke(null, (Object) new String[0]);
			}
			finally {
				thread.setContextClassLoader(previous);
			}

			assertThat(loader.getResource("org/springframework/kafka")).isNull();
			assertThat(loader.loaded).contains(WorkRegistry.class.getName())
				.filteredOn((name) -> name
					.matches(".*[.](graphql|messaging|integration|resilience|rpc|quartz|socket)[.].*"))
				.allMatch((name) -> name.matches(".*(Configuration|Present)(\\$.*)?"));
		}
	}

	/**
	 * An application without any framework.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	public static class Application {

		public static void main(String[] arguments) {
			try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
				.web(WebApplicationType.NONE)
				.properties("spring.main.banner-mode=off")
				.run()) {
				assertThat(context.getBean("contextVarsUninstrumentedEntryPoints")).isNotNull();
				context.getBeanProvider(PropagationSource.class)
					.forEach((source) -> assertThat(source.entries()).allMatch(PropagationSource.Entry::propagates));
			}
		}

	}

	/**
	 * Class path without the frameworks' JARs, whose classes of ours are remembered.
	 */
	private static final class RecordingClassLoader extends URLClassLoader {

		private static final String FRAMEWORKS = ".*/(spring-(messaging|jms|kafka|rabbit|amqp|pulsar|integration|websocket"
				+ "|grpc|graphql|batch|modulith|session|webflux|boot-(kafka|amqp|jms|artemis|integration|websocket|grpc"
				+ "|graphql|batch|quartz|data-redis|rsocket|session))|rsocket|quartz|kafka|pulsar|grpc|artemis|reactor|resilience4j|spring-cloud|jakarta[.](jms|websocket)"
				+ "|spring-data-redis)[^/]*[.]jar";

		private final ConcurrentLinkedQueue<String> loaded = new ConcurrentLinkedQueue<>();

		RecordingClassLoader() {
			super(urls(), ClassLoader.getPlatformClassLoader());
		}

		private static URL[] urls() {
			List<URL> urls = new ArrayList<>();
			Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
				.filter((entry) -> !entry.matches(FRAMEWORKS))
				.forEach((entry) -> {
					try {
						urls.add(Path.of(entry).toUri().toURL());
					}
					catch (IOException ex) {
						throw new IllegalStateException(ex);
					}
				});
			return urls.toArray(URL[]::new);
		}

		@Override
		protected Class<?> findClass(String name) throws ClassNotFoundException {
			Class<?> type = super.findClass(name);
			if (name.startsWith("io.github.contextvars.")) {
				this.loaded.add(name);
			}
			return type;
		}

	}

}
