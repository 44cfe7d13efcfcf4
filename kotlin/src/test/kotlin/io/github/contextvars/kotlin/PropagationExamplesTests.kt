package io.github.contextvars.kotlin

import io.github.contextvars.Context
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.launch
import kotlinx.coroutines.reactor.asFlux
import kotlinx.coroutines.runBlocking
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import java.util.concurrent.ConcurrentLinkedQueue
import kotlin.concurrent.thread

/**
 * What docs/reference/propagation.md lists for Kotlin under "What does not propagate": that it does not, and that the
 * line beside it does.
 */
class PropagationExamplesTests {

    private lateinit var request: Context.Scope

    private val seen = ConcurrentLinkedQueue<String>()

    @BeforeEach
    fun enterContext() {
        request = Context().enter()
        TENANT.set("acme")
    }

    @AfterEach
    fun leaveContext() {
        request.close()
        assertThat(Context.depth()).isZero()
    }

    @Test
    fun coroutineOfAnotherScope() {
        val scope = CoroutineScope(Dispatchers.Default)

        join { scope.launch { task() } }
        join { scope.launch(Context.copyOfCurrent().asCoroutineContext()) { task() } }

        assertThat(seen).containsExactly("none", "acme")
    }

    @Test
    fun runBlockingOnAnotherDispatcher() {
        runBlocking(Dispatchers.IO) { task() }
        runBlocking(Dispatchers.IO + Context.copyOfCurrent().asCoroutineContext()) { task() }

        assertThat(seen).containsExactly("none", "acme")
    }

    @Test
    fun flowOfAController() {
        val suspended = CompletableDeferred<Unit>()
        val flow = flow {
            suspended.await()
            emit(TENANT.get())
        }

        val lost = flow.asFlux().next().toFuture()
        val kept = flow.withContextVars().asFlux().next().toFuture()
        thread { suspended.complete(Unit) }.join()

        assertThat(lost).isCompletedWithValue("none")
        assertThat(kept).isCompletedWithValue("acme")
    }

    private fun join(start: () -> Job) = runBlocking { start().join() }

    private fun task() {
        seen += TENANT.get()
    }
}
