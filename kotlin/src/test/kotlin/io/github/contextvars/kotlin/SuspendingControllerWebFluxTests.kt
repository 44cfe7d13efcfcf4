package io.github.contextvars.kotlin

import io.github.contextvars.Context
import io.github.contextvars.spring.work.WorkRegistry
import org.assertj.core.api.Assertions.assertThat
import org.awaitility.Awaitility.await
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.BeforeAll
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.CsvSource
import org.springframework.beans.factory.config.BeanPostProcessor
import org.springframework.context.annotation.Bean
import org.springframework.context.annotation.Configuration
import org.springframework.context.annotation.Import
import org.springframework.http.server.reactive.HttpHandler
import reactor.core.publisher.Hooks
import java.util.concurrent.ConcurrentLinkedQueue

/**
 * Suspending functions in WebFlux, on Netty.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SuspendingControllerWebFluxTests : CoroutineTests() {

    private lateinit var app: RunningApplication

    @BeforeAll
    fun start() {
        app = RunningApplication(
            OnNetty::class,
            "contextvars.fill.user.header=X-User",
            "spring.main.web-application-type=reactive",
        )
    }

    @AfterAll
    fun stop() {
        app.close()
        Hooks.disableAutomaticContextPropagation()
    }

    @AfterEach
    fun nothingIsLeft() {
        await().untilAsserted { assertThat(app.context.getBean(WorkRegistry::class.java).list()).isEmpty() }
        assertThat(dirty).isEmpty()
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

    @Configuration(proxyBeanMethods = false)
    @Import(SuspendingApplication::class)
    internal open class OnNetty {

        @Bean
        open fun sentinel() = Sentinel()
    }

    /**
     * Stands outside of all that WebFlux does, and knows each thread that comes with a context.
     */
    internal class Sentinel : BeanPostProcessor {

        override fun postProcessAfterInitialization(bean: Any, beanName: String): Any =
            if (bean !is HttpHandler) {
                bean
            } else {
                HttpHandler { request, response ->
                    if (Context.depth() > 0 || Context.copyOfCurrent().isNotEmpty()) {
                        dirty += "${request.path} on ${Thread.currentThread().name}"
                    }
                    bean.handle(request, response)
                }
            }
    }

    private companion object {

        val dirty = ConcurrentLinkedQueue<String>()
    }
}
