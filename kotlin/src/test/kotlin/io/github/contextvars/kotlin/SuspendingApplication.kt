package io.github.contextvars.kotlin

import io.github.contextvars.ContextVar
import io.github.contextvars.spring.annotation.ContextScoped
import io.github.contextvars.spring.annotation.ContextSetting
import io.github.contextvars.spring.annotation.ContextVariable
import io.github.contextvars.spring.work.WorkConfiguration
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.launch
import kotlinx.coroutines.reactor.awaitSingle
import kotlinx.coroutines.withContext
import org.assertj.core.api.Assertions.assertThat
import org.springframework.boot.autoconfigure.EnableAutoConfiguration
import org.springframework.context.annotation.Bean
import org.springframework.context.annotation.Configuration
import org.springframework.web.bind.annotation.GetMapping
import org.springframework.web.bind.annotation.RestController
import reactor.core.publisher.Mono
import reactor.core.scheduler.Schedulers

/**
 * Suspending controllers, for Spring MVC and WebFlux alike.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
internal open class SuspendingApplication {

    @Bean
    open fun imports() = Imports()

    @Bean
    open fun tracking() = WorkConfiguration.Tracking()

    open class Imports {

        @ContextScoped
        open suspend fun suspending(tenant: String): String {
            TENANT.set(tenant)
            return "${TENANT.get()} ${USER.get()}"
        }

        @ContextScoped(set = [ContextSetting(variable = "tenant", value = "#tenant")])
        open suspend fun across(tenant: String): String {
            val first = TENANT.get()
            delay(1)
            val second = TENANT.get()
            return "$first $second ${withContext(Dispatchers.IO) { TENANT.get() }} ${USER.get()}"
        }
    }

    @RestController
    class Controller(private val imports: Imports) {

        @GetMapping("/delay")
        suspend fun delaying(): String {
            delay(1)
            val first = TENANT.get()
            delay(1)
            return "$first ${TENANT.get()}"
        }

        @GetMapping("/dispatcher")
        suspend fun dispatcher(): String {
            val there = withContext(Dispatchers.IO) {
                delay(1)
                TENANT.get()
            }
            return "$there ${TENANT.get()}"
        }

        @GetMapping("/async")
        suspend fun asynchronous(): String = coroutineScope {
            val there = listOf(async { TENANT.get() }, async(Dispatchers.Default) { TENANT.get() }).awaitAll()
            launch(Dispatchers.IO) { TENANT.set("child's") }.join()
            "${there.joinToString(" ")} ${TENANT.get()}"
        }

        @GetMapping("/client")
        suspend fun client(): String = operator()

        @GetMapping("/block")
        suspend fun block(): String {
            val block = withContextVars(TENANT to "other") {
                delay(1)
                val there = withContext(Dispatchers.IO) { "${TENANT.get()} ${USER.get()}" }
                "$there ${TENANT.get()} ${operator()}"
            }
            return "$block ${TENANT.get()}"
        }

        @GetMapping("/scoped")
        suspend fun scoped(): String = "${imports.suspending("other")} ${imports.across("another")} ${TENANT.get()}"

        @GetMapping("/scoped-in-block")
        suspend fun scopedInBlock(): String = withContextVars(TENANT to "other", USER to "bob") {
            val scoped = imports.across("another")
            "$scoped ${TENANT.get()} ${withContext(Dispatchers.IO) { TENANT.get() }}"
        }

        @GetMapping("/flow")
        fun flow(): Flow<String> = flow {
            emit("${TENANT.get()} ")
            delay(1)
            emit(TENANT.get())
        }.withContextVars()

        @GetMapping("/suspending-flow")
        suspend fun suspendingFlow(): Flow<String> {
            delay(1)
            return flow()
        }

        // As operators of WebClient do.
        private suspend fun operator(): String =
            Mono.fromCallable { TENANT.get() }.subscribeOn(Schedulers.boundedElastic()).awaitSingle()
    }

    companion object {

        @JvmField
        @field:ContextVariable
        val TENANT: ContextVar<String> = ContextVar.of("tenant", "none")

        @JvmField
        @field:ContextVariable
        val USER: ContextVar<String> = ContextVar.of("user", "none")
    }
}

/**
 * Asserts that requests of two tenants, many at once, get what a single one gets.
 */
internal fun assertOwnValues(app: RunningApplication) {
    val paths = listOf("/delay", "/dispatcher", "/async", "/client", "/block", "/scoped", "/flow", "/suspending-flow")
    val expected = paths.associateWith { app.get(it, "acme") }

    val responses = List(400) { number ->
        val path = paths[number / 2 % paths.size]
        val tenant = if (number % 2 == 0) "acme" else "globex"
        Pair(app.getLater(path, tenant), expected.getValue(path).replace("acme", tenant))
    }

    assertThat(responses.map { it.first.join() }).isEqualTo(responses.map { it.second })
}
