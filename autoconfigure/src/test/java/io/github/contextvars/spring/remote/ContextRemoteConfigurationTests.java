package io.github.contextvars.spring.remote;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.transport.SenderContext;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.http.client.HttpClientSettings;
import org.springframework.boot.http.client.HttpRedirects;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsObservationAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsRemoteAutoConfiguration;
import io.github.contextvars.spring.registry.InvalidDeclarationException;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What {@code contextvars.remote} accepts.
 */
class ContextRemoteConfigurationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withUserConfiguration(Application.class)
		.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class,
				ContextVarsRemoteAutoConfiguration.class, ContextVarsObservationAutoConfiguration.class));

	@Test
	void nothingIsThereByDefault() {
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed()
				.doesNotHaveBean(RemoteReceiver.class)
				.doesNotHaveBean(RemoteSender.class)
				.doesNotHaveBean(RemoteDrops.class);
			assertThat(context.getBean(HttpClientSettings.class).redirects()).isNull();
		});
		this.runner.withPropertyValues("contextvars.remote.receive=tenant")
			.run((context) -> assertThat(context.getBean(HttpClientSettings.class).redirects()).isNull());
		this.runner.withPropertyValues("contextvars.remote.send=tenant")
			.run((context) -> assertThat(context.getBean(HttpClientSettings.class).redirects())
				.isEqualTo(HttpRedirects.DONT_FOLLOW));
		this.runner.withPropertyValues("contextvars.remote.parent=true")
			.run((context) -> assertThat(context.getBean(HttpClientSettings.class).redirects()).isNull());
		this.runner.withPropertyValues("contextvars.remote.parent=true", "contextvars.remote.send-to=orders")
			.run((context) -> assertThat(context.getBean(HttpClientSettings.class).redirects())
				.isEqualTo(HttpRedirects.DONT_FOLLOW));
	}

	@Test
	void idOfUnitIsSentWhereItIsSwitchedOnAndWorkIsTracked() {
		assertThat(sent("contextvars.remote.send=tenant")).containsOnlyKeys("X-Tenant");
		assertThat(sent("contextvars.remote.send=tenant", "contextvars.remote.parent=true"))
			.containsOnlyKeys("X-Tenant");
		assertThat(sent("contextvars.remote.send=tenant", "tracking=true")).containsOnlyKeys("X-Tenant");
		assertThat(sent("contextvars.remote.parent=true", "tracking=true")).containsOnlyKeys("X-Contextvars-Unit");
		assertThat(sent("contextvars.remote.send=tenant", "contextvars.remote.parent=true", "tracking=true"))
			.containsOnlyKeys("X-Tenant", "X-Contextvars-Unit");
	}

	private Map<String, String> sent(String... properties) {
		Map<String, String> headers = new HashMap<>();
		this.runner.withUserConfiguration(Tracked.class).withPropertyValues(properties).run((context) -> {
			WorkRegistry registry = context.getBean(WorkRegistry.class);
			registry.run(registry.create(UnitOfWork.Kind.TASK, () -> "test"), () -> {
				Application.TENANT.set("acme");
				context.getBean(RemoteSender.class).addTo("http", (name) -> null, headers::put);
			});
		});
		return headers;
	}

	@Test
	void idOfUnitIsTheFirstToExceedTheLimits() {
		this.runner.withUserConfiguration(Tracked.class)
			.withPropertyValues("contextvars.remote.send=tenant", "contextvars.remote.parent=true", "tracking=true")
			.run((context) -> {
				Map<String, String> headers = new HashMap<>();
				WorkRegistry registry = context.getBean(WorkRegistry.class);
				registry.run(registry.create(UnitOfWork.Kind.TASK, () -> "test"), () -> {
					Application.TENANT.set("\u6771".repeat(224));
					context.getBean(RemoteSender.class).addTo("http", (name) -> null, headers::put);
				});
				assertThat(headers).containsOnlyKeys("X-Tenant");
				assertThat(context.getBean(RemoteDrops.class).count(RemoteDrops.Reason.OVER)).isOne();
			});
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"',
			textBlock = """
					contextvars.remote.send=tenat                                      | 'contextvars.remote.send' names the context variable 'tenat', which is not declared
					contextvars.remote.receive=secret                                  | 'contextvars.remote.receive' names the context variable 'secret', which is declared sensitive
					contextvars.remote.send=secret                                     | 'contextvars.remote.send' names the context variable 'secret', which is declared sensitive
					contextvars.remote.send=headless                                   | 'contextvars.remote.send' names the context variable 'headless', which has no header
					contextvars.remote.send=names contextvars.remote.format=baggage    | 'contextvars.remote.send' names the context variable 'names', whose type java.util.List<java.lang.String> has no text
					contextvars.remote.send=the#number contextvars.remote.send-to=jms contextvars.remote.format=baggage | 'contextvars.remote.send-to' includes JMS, and the header 'the#number' of the context variable 'the#number' cannot be the name of a property
					contextvars.remote.send=a,b/c contextvars.remote.format=baggage    | 'contextvars.remote.send' names the context variable 'a', which is not declared
					contextvars.remote.send=a(b) contextvars.remote.format=baggage     | 'contextvars.remote.send' names the context variable 'a(b)', and a member of baggage cannot have this name
					contextvars.remote.send=x-contextvars-unit contextvars.remote.format=baggage | 'contextvars.remote.send' names the context variable 'x-contextvars-unit', and this is the name of the sending unit of work
					contextvars.remote.send=tenant contextvars.remote.send-to=*        | 'contextvars.remote.send-to' has '*', which is neither a host nor a transport
					contextvars.remote.receive=tenant contextvars.remote.receive-from=gateway | 'contextvars.remote.receive-from' has 'gateway', which is neither a network nor a broker
					""")
	void invalidSettingFailsOnStartup(String properties, String description) {
		this.runner.withPropertyValues(properties.split(" "))
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.asInstanceOf(InstanceOfAssertFactories.type(InvalidDeclarationException.class))
				.satisfies((ex) -> assertThat(ex).hasMessageStartingWith(description))
				.satisfies((ex) -> assertThat(ex.action()).isNotBlank()));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"',
			textBlock = """
							SensitiveWithHeader | Context variable 'token' is declared sensitive and has a header
							InvalidHeader       | Context variable 'token' is declared with the header 'X Token', which is not the name of a header for values
					ForeignHeader       | Context variable 'token' is declared with the header 'authorization', which is not the name of a header for values
					UnitHeader          | Context variable 'token' is declared with the header 'x-contextvars-unit', which is not the name of a header for values
					BinaryHeader        | Context variable 'token' is declared with the header 'X-Token-bin', which is not the name of a header for values
							SameHeader          | Two context variables have the header 'x-tenant'
							""")
	void invalidHeaderFailsOnStartup(String application, String description) throws Exception {
		this.runner.withUserConfiguration(Class.forName(getClass().getName() + "$" + application))
			.run((context) -> assertThat(context).getFailure().rootCause().hasMessageStartingWith(description));
	}

	@Test
	void nothingOfMicrometerIsNeededToReceive() {
		this.runner
			.withClassLoader(new FilteredClassLoader("io.micrometer", "org.springframework.boot.http", "org.apache.hc"))
			.withPropertyValues("contextvars.remote.receive=tenant")
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(RemoteReceiver.class)
				.doesNotHaveBean(RemoteSender.class));
	}

	@Test
	void dropsAreCounted() {
		this.runner.withPropertyValues("contextvars.remote.send=tenant").run((context) -> {
			SimpleMeterRegistry meters = new SimpleMeterRegistry();
			context.getBean(MeterBinder.class).bindTo(meters);
			context.getBean(RemoteDrops.class).add(RemoteDrops.Reason.OVER, "http", "X-Tenant");
			assertThat(meters.get("contextvars.remote.dropped").tag("reason", "over").functionCounter().count())
				.isOne();
		});
	}

	@Test
	void contextOfAnotherKindAndFailingCarrierAreLeftAlone() {
		this.runner.withPropertyValues("contextvars.remote.send=tenant", "contextvars.remote.send-to=kafka")
			.run((context) -> {
				ObservationHandler<SenderContext<?>> sender = context.getBean(RemoteSender.class);
				assertThat(sender.supportsContext(new Observation.Context())).isFalse();
				SenderContext<Object> empty = new SenderContext<>((carrier, name, value) -> {
					throw new IllegalStateException("planned");
				});
				sender.onStart(empty);
				empty.setCarrier(new Object());
				sender.onStart(empty);
			});
	}

	@Configuration(proxyBeanMethods = false)
	static class Application {

		@ContextVariable(header = "X-Tenant")
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@ContextVariable(sensitive = true)
		static final ContextVar<String> SECRET = ContextVar.of("secret");

		@ContextVariable
		static final ContextVar<String> HEADLESS = ContextVar.of("headless");

		@ContextVariable
		static final ContextVar<List<String>> NAMES = ContextVar.of("names");

		@ContextVariable
		static final ContextVar<Integer> NUMBER = ContextVar.of("the#number");

		@ContextVariable
		static final ContextVar<Integer> UNIT = ContextVar.of("x-contextvars-unit");

		@ContextVariable
		static final ContextVar<Integer> PARENTHESES = ContextVar.of("a(b)");

		@Bean
		static HttpClientSettings settings() {
			return HttpClientSettings.defaults();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnBooleanProperty("tracking")
	static class Tracked {

		@Bean
		static WorkConfiguration.Tracking tracking() {
			return new WorkConfiguration.Tracking();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class SensitiveWithHeader {

		@ContextVariable(sensitive = true, header = "X-Token")
		static final ContextVar<String> TOKEN = ContextVar.of("token");

	}

	@Configuration(proxyBeanMethods = false)
	static class InvalidHeader {

		@ContextVariable(header = "X Token")
		static final ContextVar<String> TOKEN = ContextVar.of("token");

	}

	@Configuration(proxyBeanMethods = false)
	static class ForeignHeader {

		@ContextVariable(header = "authorization")
		static final ContextVar<String> TOKEN = ContextVar.of("token");

	}

	@Configuration(proxyBeanMethods = false)
	static class UnitHeader {

		@ContextVariable(header = "x-contextvars-unit")
		static final ContextVar<String> TOKEN = ContextVar.of("token");

	}

	@Configuration(proxyBeanMethods = false)
	static class BinaryHeader {

		@ContextVariable(header = "X-Token-bin")
		static final ContextVar<String> TOKEN = ContextVar.of("token");

	}

	@Configuration(proxyBeanMethods = false)
	static class SameHeader {

		@ContextVariable(header = "x-tenant")
		static final ContextVar<String> TOKEN = ContextVar.of("token");

	}

}
