package io.github.contextvars.spring.threadlocal;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.micrometer.observation.ObservationRegistry;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.tomcat.ConfigurableTomcatWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Lazy;
import org.springframework.context.event.EventListener;
import org.springframework.context.event.SimpleApplicationEventMulticaster;
import org.springframework.core.Ordered;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.TaskDecorator;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.AsyncConfigurer;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.concurrent.ConcurrentTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.context.request.async.DeferredResultProcessingInterceptor;
import org.springframework.web.context.request.async.WebAsyncTask;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.servlet.LocaleResolver;
import org.springframework.web.servlet.config.annotation.AsyncSupportConfigurer;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import org.springframework.web.servlet.i18n.FixedLocaleResolver;
import org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody;

import io.github.contextvars.ContextFuture;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.testing.ThreadLocalValues;

/**
 * Application with all that hands over or begins work, on threads on which earlier work
 * has left values.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@EnableAsync
@EnableScheduling
@Import({ MatrixFrameworks.Kafka.class, MatrixFrameworks.Rabbit.class, MatrixFrameworks.Jms.class,
		MatrixFrameworks.Pulsar.class, MatrixFrameworks.Redis.class, MatrixFrameworks.Integration.class,
		MatrixFrameworks.Sockets.class, MatrixFrameworks.Frames.class, MatrixFrameworks.Endpoints.class,
		MatrixFrameworks.Grpc.class, MatrixFrameworks.Calling.class, MatrixFrameworks.Quartz.class,
		MatrixFrameworks.Fetchers.class, MatrixFrameworks.Resilience.class, MatrixLibraries.Batch.class,
		MatrixLibraries.Locks.class, MatrixLibraries.Guarded.class })
class MatrixApplication {

	/**
	 * Make threads on which earlier work has left values.
	 */
	static ThreadFactory pollutedThreads(String name) {
		return (task) -> {
			Thread thread = new Thread(() -> {
				ThreadLocalValues.set("mallory");
				task.run();
			}, name);
			thread.setDaemon(true);
			return thread;
		};
	}

	static SimpleAsyncTaskExecutor pollutedExecutor(String name) {
		SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor();
		executor.setThreadFactory(pollutedThreads(name));
		return executor;
	}

	@Bean
	static Seen seen() {
		return new Seen();
	}

	@Bean
	static ObservationRegistry observationRegistry() {
		return ThreadLocalValues.OBSERVATIONS;
	}

	// Boot's own, with polluted threads.
	@Bean
	static ThreadPoolTaskExecutor applicationTaskExecutor(
			org.springframework.boot.task.ThreadPoolTaskExecutorBuilder builder) {
		ThreadPoolTaskExecutor executor = builder.build();
		executor.setThreadFactory(pollutedThreads("application"));
		return executor;
	}

	@Bean
	static ThreadPoolTaskScheduler taskScheduler(org.springframework.boot.task.ThreadPoolTaskSchedulerBuilder builder) {
		ThreadPoolTaskScheduler scheduler = builder.build();
		scheduler.setThreadFactory(pollutedThreads("scheduler"));
		return scheduler;
	}

	@Bean(destroyMethod = "shutdownNow")
	static ExecutorService pool() {
		return Executors.newSingleThreadExecutor(pollutedThreads("pool"));
	}

	@Bean
	static Foreign foreign() {
		return new Foreign(Executors.newCachedThreadPool(pollutedThreads("foreign")));
	}

	@Bean
	static TaskDecorator ownDecorator(Seen seen) {
		return (task) -> () -> {
			if (Thread.currentThread().getName().equals("application")) {
				seen.here("task decorator");
			}
			task.run();
		};
	}

	@Bean
	static Tasks tasks(Seen seen) {
		return new Tasks(seen);
	}

	@Bean
	static AsyncConfigurer asyncConfigurer(Seen seen,
			@Lazy @Qualifier("applicationTaskExecutor") AsyncTaskExecutor pool) {
		return new AsyncConfigurer() {

			@Override
			public java.util.concurrent.Executor getAsyncExecutor() {
				return pool;
			}

			@Override
			public org.springframework.aop.interceptor.AsyncUncaughtExceptionHandler getAsyncUncaughtExceptionHandler() {
				return (ex, method, arguments) -> seen.here("async exception handler");
			}

		};
	}

	// The request's locale, as the DispatcherServlet sets it.
	@Bean
	static LocaleResolver localeResolver() {
		return new FixedLocaleResolver(Locale.forLanguageTag("und-x-alice"));
	}

	@Bean
	static SimpleApplicationEventMulticaster applicationEventMulticaster(BeanFactory beanFactory) {
		SimpleApplicationEventMulticaster multicaster = new SimpleApplicationEventMulticaster(beanFactory);
		multicaster.setTaskExecutor(pollutedExecutor("multicaster"));
		return multicaster;
	}

	@Bean
	static ApplicationRunner runner(Seen seen) {
		return (arguments) -> seen.here("runner");
	}

	@Bean
	@Lazy
	static StringBuilder lazySingleton(Seen seen) {
		seen.here("singleton");
		return new StringBuilder();
	}

	/**
	 * What the code of each row has seen.
	 */
	static final class Seen {

		private final Map<String, CompletableFuture<List<String>>> rows = new ConcurrentHashMap<>();

		void here(String row) {
			of(row).complete(ThreadLocalValues.read());
		}

		List<String> await(String row) throws Exception {
			try {
				return of(row).get(20, TimeUnit.SECONDS);
			}
			catch (TimeoutException ex) {
				return List.of("was", "not", "called", "at", "all");
			}
		}

		private CompletableFuture<List<String>> of(String row) {
			return this.rows.computeIfAbsent(row, (key) -> new CompletableFuture<>());
		}

	}

	/**
	 * Executor that is no bean, and that the library does not know.
	 *
	 * @param executor the executor
	 */
	record Foreign(ExecutorService executor) {

	}

	static class Tasks {

		private final CountDownLatch registered = new CountDownLatch(1);

		private final Seen seen;

		Tasks(Seen seen) {
			this.seen = seen;
		}

		@Async
		void async() {
			this.seen.here("async");
		}

		@Async
		ContextFuture<String> later() throws InterruptedException {
			this.registered.await();
			return ContextFuture.completedFuture("");
		}

		@Async
		void failing() {
			throw new IllegalStateException("planned");
		}

		void stagesAreRegistered() {
			this.registered.countDown();
		}

		@EventListener
		void onMulticastersExecutor(Published event) {
			this.seen.here("listener");
		}

		@ContextScoped
		Callable<String> scoped() {
			this.seen.here("scoped");
			return () -> {
				this.seen.here("scoped callable");
				return "";
			};
		}

		@EventListener
		@Async
		void on(Published event) {
			this.seen.here("async listener");
		}

		@Scheduled(fixedDelay = 10)
		void scheduled() {
			this.seen.here("scheduled");
		}

		@EventListener
		void on(ApplicationReadyEvent event) {
			this.seen.here("ready");
		}

	}

	record Published() {

	}

	/**
	 * Requests: the user comes with a header, and a filter behind the library's sets the
	 * values, after the framework's filters.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Web {

		// What earlier requests have left on the thread.
		@Bean
		static WebServerFactoryCustomizer<ConfigurableTomcatWebServerFactory> earlierRequests() {
			return (factory) -> factory.addEngineValves(new ValveBase(true) {

				@Override
				public void invoke(Request request, Response response) throws IOException, ServletException {
					ThreadLocalValues.set("mallory");
					try {
						getNext().invoke(request, response);
					}
					finally {
						ThreadLocalValues.clear();
					}
				}

			});
		}

		@Bean
		static FilterRegistrationBean<OncePerRequestFilter> firstFilter(Seen seen) {
			FilterRegistrationBean<OncePerRequestFilter> registration = new FilterRegistrationBean<>(
					new OncePerRequestFilter() {

						@Override
						protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response,
								FilterChain chain) throws ServletException, IOException {
							seen.here("request");
							chain.doFilter(request, response);
						}

					});
			registration.setOrder(Ordered.HIGHEST_PRECEDENCE + 1);
			return registration;
		}

		@Bean
		static FilterRegistrationBean<OncePerRequestFilter> userFilter() {
			FilterRegistrationBean<OncePerRequestFilter> registration = new FilterRegistrationBean<>(
					new OncePerRequestFilter() {

						@Override
						protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response,
								FilterChain chain) throws ServletException, IOException {
							ThreadLocalValues.set("alice");
							try {
								chain.doFilter(request, response);
							}
							finally {
								ThreadLocalValues.clear();
							}
						}

					});
			registration.setOrder(0);
			return registration;
		}

		@Bean
		static ServletRegistrationBean<HttpServlet> asyncServlet(Seen seen, Foreign foreign) {
			ServletRegistrationBean<HttpServlet> registration = new ServletRegistrationBean<>(new HttpServlet() {

				private static final long serialVersionUID = 1L;

				@Override
				protected void doGet(HttpServletRequest request, HttpServletResponse response) {
					AsyncContext async = request.startAsync();
					async.addListener(new AsyncListener() {

						@Override
						public void onComplete(AsyncEvent event) {
							seen.here("async listener of servlet");
						}

						@Override
						public void onTimeout(AsyncEvent event) {
						}

						@Override
						public void onError(AsyncEvent event) {
						}

						@Override
						public void onStartAsync(AsyncEvent event) {
						}

					});
					foreign.executor().execute(async::complete);
				}

			}, "/servlet");
			registration.setAsyncSupported(true);
			return registration;
		}

		@Bean
		static ServletRegistrationBean<HttpServlet> nonBlockingServlet(Seen seen) {
			ServletRegistrationBean<HttpServlet> registration = new ServletRegistrationBean<>(new HttpServlet() {

				private static final long serialVersionUID = 1L;

				@Override
				protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
					AsyncContext async = request.startAsync(request, response);
					request.getInputStream().setReadListener(new Transfer(seen, async));
				}

			}, "/io");
			registration.setAsyncSupported(true);
			return registration;
		}

		@Bean
		static WebMvcConfigurer interceptors(Seen seen) {
			return new WebMvcConfigurer() {

				@Override
				public void configureAsyncSupport(AsyncSupportConfigurer configurer) {
					configurer.registerDeferredResultInterceptors(new DeferredResultProcessingInterceptor() {

						@Override
						public <T> void postProcess(NativeWebRequest request, DeferredResult<T> result, Object value) {
							seen.here("deferred interceptor");
						}

					});
				}

			};
		}

		private record Transfer(Seen seen, AsyncContext async) implements ReadListener, WriteListener {

			@Override
			public void onDataAvailable() throws IOException {
				ServletInputStream in = this.async.getRequest().getInputStream();
				while (in.isReady() && in.read() != -1) {
					// read all
				}
			}

			@Override
			public void onAllDataRead() throws IOException {
				this.seen.here("read listener");
				this.async.getResponse().getOutputStream().setWriteListener(this);
			}

			@Override
			public void onWritePossible() {
				this.seen.here("write listener");
				this.async.complete();
			}

			@Override
			public void onError(Throwable failure) {
				this.async.complete();
			}

		}

		@RestController
		static class Requests {

			private final Seen seen;

			private final Foreign foreign;

			Requests(Seen seen, Foreign foreign) {
				this.seen = seen;
				this.foreign = foreign;
			}

			@GetMapping("/callable")
			Callable<String> callable() {
				return () -> {
					this.seen.here("callable");
					return "";
				};
			}

			@GetMapping("/task")
			WebAsyncTask<String> task() {
				return new WebAsyncTask<>(null, new ConcurrentTaskExecutor(this.foreign.executor()), () -> {
					this.seen.here("web task");
					return "";
				});
			}

			@GetMapping("/streaming")
			StreamingResponseBody streaming() {
				return (out) -> this.seen.here("streaming");
			}

			@GetMapping("/deferred")
			DeferredResult<String> deferred() {
				DeferredResult<String> result = new DeferredResult<>();
				result.onCompletion(() -> this.seen.here("deferred"));
				this.foreign.executor().execute(() -> result.setResult(""));
				return result;
			}

		}

	}

}
