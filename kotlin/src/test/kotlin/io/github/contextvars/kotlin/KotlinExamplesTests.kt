package io.github.contextvars.kotlin

import io.github.contextvars.Context
import io.github.contextvars.ContextVar
import io.github.contextvars.kotlin.Tenants.Companion.TENANT
import io.github.contextvars.spring.annotation.ContextScoped
import io.github.contextvars.spring.annotation.ContextSetting
import io.github.contextvars.spring.annotation.ContextVariable
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.BeforeAll
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.springframework.boot.autoconfigure.EnableAutoConfiguration
import org.springframework.context.annotation.Configuration
import org.springframework.context.annotation.Import
import org.springframework.stereotype.Component
import org.springframework.stereotype.Service
import org.springframework.web.bind.annotation.GetMapping
import org.springframework.web.bind.annotation.RequestParam
import org.springframework.web.bind.annotation.RestController
import reactor.core.publisher.Hooks

/**
 * The examples of docs/how-to/kotlin.md.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KotlinExamplesTests : CoroutineTests() {

    private lateinit var app: RunningApplication

    @BeforeAll
    fun start() {
        app = RunningApplication(Application::class)
    }

    @AfterAll
    fun stop() {
        app.close()
        Hooks.disableAutomaticContextPropagation()
    }

    @Test
    fun controllerReadsTheValuesOfItsRequest() {
        assertThat(app.get("/report", "acme")).isEqualTo("Report for acme")
        assertThat(app.get("/lines", "acme")).isEqualTo("acme 1 acme 2 ")
        assertThat(app.get("/import?tenant=globex", "acme")).isEqualTo("Imported for globex, requested by acme")
    }

    @Test
    fun blockHasItsValues() = runBlocking<Unit> {
        assertThat(Reports().compare()).isEqualTo("acme, globex, acme")
    }

    @Test
    fun propertyIsTheVariable() {
        Context().run {
            TENANT.set("acme")
            assertThat(Greeter().greeting()).isEqualTo("Hello, acme")
        }
    }

    @Test
    fun foreignScopeHasTheValues() = runBlocking<Unit> {
        val seen = mutableListOf<String>()
        withContextVars(TENANT to "acme") {
            Mailer(CoroutineScope(Dispatchers.Default)) { seen += TENANT.get() }.sendLater().join()
        }

        assertThat(seen).containsExactly("acme")
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Tenants::class, ReportController::class, Importer::class)
    internal open class Application
}

// tag::kotlin-declare[]
@Component
class Tenants {

    companion object {

        @JvmField
        @field:ContextVariable(description = "Whose data this request may touch")
        val TENANT: ContextVar<String> = ContextVar.of("tenant")
    }
}
// end::kotlin-declare[]

internal class Reports {

    // tag::kotlin-block[]
    suspend fun compare(): String = withContextVars(TENANT to "acme") {
        val first = withContext(Dispatchers.IO) { TENANT.get() }
        val second = withContextVars(TENANT to "globex") {
            delay(1)
            TENANT.get()
        }
        val third = async { TENANT.get() }
        "$first, $second, ${third.await()}"
    }
    // end::kotlin-block[]
}

// tag::kotlin-delegate[]
class Greeter {

    private val tenant by TENANT

    fun greeting() = "Hello, $tenant"
}
// end::kotlin-delegate[]

// tag::kotlin-element[]
class Mailer(private val scope: CoroutineScope, private val send: () -> Unit) {

    fun sendLater(): Job = scope.launch(Context.copyOfCurrent().asCoroutineContext()) {
        delay(1)
        send()
    }
}
// end::kotlin-element[]

@RestController
internal class ReportController(private val importer: Importer) {

    // tag::kotlin-controller[]
    @GetMapping("/report")
    suspend fun report(): String = coroutineScope {
        val title = async { "Report" }
        val tenant = withContext(Dispatchers.IO) { TENANT.get() }
        "${title.await()} for $tenant"
    }
    // end::kotlin-controller[]

    // tag::kotlin-flow[]
    @GetMapping("/lines")
    fun lines(): Flow<String> = flow {
        for (line in 1..2) {
            delay(1)
            emit("${TENANT.get()} $line ")
        }
    }.withContextVars()
    // end::kotlin-flow[]

    @GetMapping("/import")
    suspend fun importAll(@RequestParam tenant: String) = "${importer.importAll(tenant)}, requested by ${TENANT.get()}"
}

@Service
internal open class Importer {

    // tag::kotlin-scoped[]
    @ContextScoped(set = [ContextSetting(variable = "tenant", value = "#tenant")])
    open suspend fun importAll(tenant: String): String {
        delay(1)
        return "Imported for ${TENANT.get()}"
    }
    // end::kotlin-scoped[]
}
