package io.github.contextvars.kotlin

import io.github.contextvars.Context
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kotlinx.coroutines.yield
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.atomic.AtomicInteger
import kotlin.coroutines.CoroutineContext

/**
 * Coroutines with a block in a block each, which suspend, change dispatchers, start coroutines and set variables.
 *
 * @param dispatchers two of them
 * @param block runs a block with a tenant
 */
internal class NestedBlocks(
    private val dispatchers: List<CoroutineContext>,
    private val block: suspend (String, suspend CoroutineScope.() -> Unit) -> Unit = { tenant, body ->
        withContextVars(TENANT to tenant, block = body)
    },
) {

    val reads = AtomicInteger()

    val wrong = ConcurrentLinkedQueue<String>()

    suspend fun run(children: Int) = coroutineScope {
        repeat(children) { number ->
            launch(dispatchers[number % 2]) {
                val outside = TENANT.get()
                outer("outer$number", dispatchers[(number + 1) % 2])
                expect(outside)
            }
        }
    }

    private suspend fun outer(tenant: String, other: CoroutineContext) = block(tenant) {
        expect(tenant)
        delay(1)
        expect(tenant)
        TENANT.set("set")
        yield()
        expect(tenant)
        val sibling = async(other) {
            expect(tenant)
            yield()
            expect(tenant)
        }
        inner("inner of $tenant", other)
        expect(tenant)
        withContext(other) {
            expect(tenant)
            inner("another of $tenant", other)
            expect(tenant)
        }
        expect(tenant)
        sibling.await()
        expect(tenant)
    }

    private suspend fun inner(tenant: String, other: CoroutineContext) = block(tenant) {
        expect(tenant)
        yield()
        expect(tenant)
        launch {
            TENANT.set("set")
            yield()
            expect(tenant)
        }
        withContext(other) {
            expect(tenant)
            delay(1)
            expect(tenant)
        }
        expect(tenant)
    }

    private fun expect(tenant: String) {
        reads.incrementAndGet()
        if (TENANT.get() != tenant) {
            wrong += "${TENANT.get()} instead of $tenant at depth ${Context.depth()}"
        }
    }
}
