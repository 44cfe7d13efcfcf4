package io.github.contextvars.kotlin

import io.github.contextvars.Context
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.yield
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test

class AsCoroutineContextTests : CoroutineTests() {

    @Test
    fun coroutineReadsTheValues() {
        val element = contextOf("acme").asCoroutineContext()

        val seen = runBlocking(element) {
            val first = TENANT.get()
            delay(1)
            first + TENANT.get() + withContext(Dispatchers.IO) { TENANT.get() }
        }

        assertThat(seen).isEqualTo("acmeacmeacme")
    }

    @Test
    fun foreignScopeReadsTheValues() {
        val scope = CoroutineScope(Dispatchers.Default)
        val seen = runBlocking {
            withContextVars(TENANT to "acme") {
                scope.async(Context.copyOfCurrent().asCoroutineContext()) {
                    delay(1)
                    TENANT.get()
                }
            }.await() + scope.async { TENANT.get() }.await()
        }

        assertThat(seen).isEqualTo("acmenone")
    }

    @Test
    fun laterValuesAreNotSeen() {
        val context = contextOf("acme")
        val element = context.asCoroutineContext()
        context.run { TENANT.set("globex") }

        assertThat(runBlocking(element) { TENANT.get() }).isEqualTo("acme")
    }

    @Test
    fun contextIsNotEntered() {
        val context = contextOf("acme")
        runBlocking(context.asCoroutineContext()) {
            context.run { TENANT.set("globex") }
            assertThat(TENANT.get()).isEqualTo("acme")
        }
        assertThat(context[TENANT]).isEqualTo("globex")
    }

    @Test
    fun manyCoroutinesHaveOneElement() {
        val element = contextOf("acme").asCoroutineContext()

        val seen = runBlocking(Dispatchers.Default) {
            List(1_000) {
                async(element) {
                    val before = TENANT.get()
                    TENANT.set("set$it")
                    yield()
                    before + TENANT.get()
                }
            }.awaitAll()
        }

        assertThat(seen).containsOnly("acmeacme")
    }

    @Test
    fun lastElementCounts() {
        val seen = runBlocking(contextOf("acme").asCoroutineContext() + contextOf("globex").asCoroutineContext()) {
            var tenants = TENANT.get()
            launch(contextOf("initech").asCoroutineContext()) { tenants += TENANT.get() }.join()
            withContextVars(TENANT to "umbrella") { tenants + TENANT.get() }
        }

        assertThat(seen).isEqualTo("globexinitechumbrella")
    }

    private fun contextOf(tenant: String): Context = Context().also { it.run { TENANT.set(tenant) } }
}
