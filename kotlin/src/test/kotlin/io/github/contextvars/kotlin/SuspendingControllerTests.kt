package io.github.contextvars.kotlin

import io.github.contextvars.Context
import io.github.contextvars.spring.work.PropagationSource
import io.github.contextvars.spring.work.WorkRegistry
import org.apache.catalina.connector.Request
import org.apache.catalina.connector.Response
import org.apache.catalina.valves.ValveBase
import org.assertj.core.api.Assertions.assertThat
import org.awaitility.Awaitility.await
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.BeforeAll
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.CsvSource
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory
import org.springframework.boot.web.server.WebServerFactoryCustomizer
import org.springframework.context.annotation.Bean
import org.springframework.context.annotation.Configuration
import org.springframework.context.annotation.Import
import reactor.core.publisher.Hooks
import java.util.concurrent.ConcurrentLinkedQueue

/**
 * Suspending functions in Spring MVC, on Tomcat.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SuspendingControllerTests : CoroutineTests() {

    private lateinit var app: RunningApplication

    @BeforeAll
    fun start() {
        app = RunningApplication(OnTomcat::class, "contextvars.fill.user.header=X-User")
    }

    @AfterAll
    fun stop() {
        app.close()
        Hooks.disableAutomaticContextPropagation()
    }

    @AfterEach
    fun nothingIsLeft() {
        await().untilAsserted { assertThat(app.context.getBean(WorkRegistry::class.java).list()).isEmpty() }
        assertThat(Sentinel.dirty).isEmpty()
    }

    @ParameterizedTest
    @CsvSource(
        "/delay, acme acme",
        "/dispatcher, acme acme",
        "/async, acme acme acme",
        "/client, acme",
        "/block, other ada other other acme",
        "/scoped, other ada another another another ada acme",
        "/scoped-in-block, another another another bob other other",
        "/flow, acme acme",
        "/suspending-flow, acme acme",
    )
    fun readsTheValuesOfTheRequest(path: String, expected: String) {
        assertThat(app.get(path, "acme")).isEqualTo(expected)
    }

    @Test
    fun concurrentRequestsReadTheirOwnValues() {
        assertOwnValues(app)
    }

    @Test
    fun reportNamesThem() {
        assertThat(entries()).anySatisfy {
            assertThat(it.name()).isEqualTo("Suspending functions")
            assertThat(it.propagates()).isTrue()
        }
    }

    @Test
    fun reportSaysWhatToSet() {
        Hooks.disableAutomaticContextPropagation()
        try {
            assertThat(entries()).anySatisfy {
                assertThat(it.name()).isEqualTo("Suspending functions")
                assertThat(it.propagates()).isFalse()
                assertThat(it.remedy()).isEqualTo("Set spring.reactor.context-propagation=auto.")
            }
        } finally {
            Hooks.enableAutomaticContextPropagation()
        }
    }

    private fun entries() = app.context.getBeansOfType(PropagationSource::class.java).values
        .flatMap { it.entries().toList() }

    @Configuration(proxyBeanMethods = false)
    @Import(SuspendingApplication::class)
    internal open class OnTomcat {

        @Bean
        open fun sentinel() = WebServerFactoryCustomizer<TomcatServletWebServerFactory> { it.addEngineValves(Sentinel) }
    }

    /**
     * Stands outside of all filters, and knows each thread that comes or goes with a context.
     */
    internal object Sentinel : ValveBase(true) {

        val dirty = ConcurrentLinkedQueue<String>()

        override fun invoke(request: Request, response: Response) {
            check(request)
            try {
                getNext().invoke(request, response)
            } finally {
                check(request)
            }
        }

        private fun check(request: Request) {
            if (Context.depth() > 0 || Context.copyOfCurrent().isNotEmpty()) {
                dirty += "${request.requestURI} on ${Thread.currentThread().name}"
            }
        }
    }
}
