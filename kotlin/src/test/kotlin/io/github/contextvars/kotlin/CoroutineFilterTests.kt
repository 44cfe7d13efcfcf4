package io.github.contextvars.kotlin

import io.github.contextvars.kotlin.SuspendingApplication.Companion.TENANT
import kotlinx.coroutines.delay
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.BeforeAll
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.CsvSource
import org.springframework.context.annotation.Configuration
import org.springframework.context.annotation.Import
import org.springframework.http.server.RequestPath
import org.springframework.stereotype.Component
import org.springframework.web.server.CoWebFilter
import org.springframework.web.server.CoWebFilterChain
import org.springframework.web.server.ServerWebExchange
import reactor.core.publisher.Hooks

/**
 * Filters of WebFlux that are coroutines, in front of suspending functions.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CoroutineFilterTests : CoroutineTests() {

    private lateinit var app: RunningApplication

    @BeforeAll
    fun start() {
        app = RunningApplication(
            Filtered::class,
            "contextvars.fill.user.header=X-User",
            "spring.main.web-application-type=reactive",
        )
    }

    @AfterAll
    fun stop() {
        app.close()
        Hooks.disableAutomaticContextPropagation()
    }

    @ParameterizedTest
    @CsvSource(
        "/delay, /delay's /delay's",
        "/async, /async's /async's /async's",
        "/client, /client's",
        "/block, other ada other other /block's",
        "/scoped, other ada another another another ada /scoped's",
    )
    fun controllerReadsTheValuesOfTheFilter(path: String, expected: String) {
        assertThat(app.get(path, "acme")).isEqualTo(expected)
    }

    @Configuration(proxyBeanMethods = false)
    @Import(SuspendingApplication::class, TenantFilter::class, Tenants::class)
    internal open class Filtered

    @Component
    internal class Tenants {

        suspend fun of(path: RequestPath): String {
            delay(1)
            return "${path.value()}'s"
        }
    }

    // tag::kotlin-filter[]
    @Component
    internal class TenantFilter(private val tenants: Tenants) : CoWebFilter() {

        override suspend fun filter(exchange: ServerWebExchange, chain: CoWebFilterChain) = withContextVars {
            val tenant = tenants.of(exchange.request.path)
            withContextVars(TENANT to tenant) { chain.filter(exchange) }
        }
    }
    // end::kotlin-filter[]
}
