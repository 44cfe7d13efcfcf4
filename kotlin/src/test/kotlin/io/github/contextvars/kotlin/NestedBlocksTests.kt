package io.github.contextvars.kotlin

import io.github.contextvars.Context
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.ThreadContextElement
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Tag
import org.junit.jupiter.api.Test
import org.springframework.core.PropagationContextElement
import java.util.concurrent.Executors
import kotlin.coroutines.AbstractCoroutineContextElement
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.EmptyCoroutineContext

class NestedBlocksTests : CoroutineTests() {

    private val dispatchers = listOf(Dispatchers.IO, Dispatchers.Default)

    @Test
    fun eachCoroutineReadsItsOwnValues() {
        run(runs = 1, EmptyCoroutineContext)
    }

    @Test
    fun eachCoroutineReadsItsOwnValuesBesideTheElementOfSpring() {
        run(runs = 1, PropagationContextElement())
    }

    @Test
    @Tag("stress")
    fun eachCoroutineReadsItsOwnValuesInEachRun() {
        run(runs = 20, EmptyCoroutineContext)
    }

    @Test
    @Tag("stress")
    fun eachCoroutineReadsItsOwnValuesInEachRunBesideTheElementOfSpring() {
        run(runs = 20, PropagationContextElement())
    }

    @Test
    @Tag("stress")
    fun eachOfManyCoroutinesReadsItsOwnValues() {
        run(runs = 5, PropagationContextElement(), children = 5_000)
    }

    @Test
    fun elementThatIsNotLeftIsDetected() {
        assertThat(wrongWith { NotLeft(it) }).isNotEmpty()
    }

    @Test
    fun elementThatIsEnteredOnceIsDetected() {
        assertThat(wrongWith { EnteredOnce(it) }).isNotEmpty()
    }

    private fun run(runs: Int, element: CoroutineContext, children: Int = 64) {
        var reads = 0
        repeat(runs) {
            val blocks = NestedBlocks(dispatchers)

            runBlocking(element) { blocks.run(children) }

            assertThat(blocks.wrong).isEmpty()
            assertThat(blocks.reads).hasValueGreaterThanOrEqualTo(children * 20)
            reads += blocks.reads.get()
        }
        println("$runs runs of $children children: 0 of $reads reads were wrong")
    }

    // On threads that end with the test, as the contexts stay there.
    private fun wrongWith(element: (Context) -> CoroutineContext): Collection<String> {
        val pools = List(2) { Executors.newFixedThreadPool(2) }
        try {
            val blocks = NestedBlocks(pools.map { it.asCoroutineDispatcher() }) { tenant, body ->
                val context = Context()
                context.run { TENANT.set(tenant) }
                withContext(element(context), body)
            }
            runBlocking { blocks.run(16) }
            return blocks.wrong
        } finally {
            pools.forEach { it.shutdownNow() }
        }
    }

    private abstract class Faulty(protected val values: Context) :
        AbstractCoroutineContextElement(Key), ThreadContextElement<Context.Scope?> {

        override fun updateThreadContext(context: CoroutineContext): Context.Scope? = values.copy().enter()

        override fun restoreThreadContext(context: CoroutineContext, oldState: Context.Scope?) {
            oldState?.close()
        }

        companion object Key : CoroutineContext.Key<Faulty>
    }

    private class NotLeft(values: Context) : Faulty(values) {

        override fun restoreThreadContext(context: CoroutineContext, oldState: Context.Scope?) = Unit
    }

    private class EnteredOnce(values: Context) : Faulty(values) {

        private var entered = false

        override fun updateThreadContext(context: CoroutineContext): Context.Scope? =
            if (entered) null else super.updateThreadContext(context).also { entered = true }
    }
}
