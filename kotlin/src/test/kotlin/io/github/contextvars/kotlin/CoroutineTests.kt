package io.github.contextvars.kotlin

import io.github.contextvars.Context
import io.github.contextvars.ContextVar
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.yield
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.AfterEach

internal val TENANT: ContextVar<String> = ContextVar.of("tenant", "none")

internal val USER: ContextVar<String> = ContextVar.of("user", "none")

/**
 * Tests after each of which no thread may be in a context, and no scope may have leaked.
 */
abstract class CoroutineTests {

    private val leakedScopes = Context.leakedScopes()

    @AfterEach
    fun noThreadIsInAContext() {
        assertThat(Context.depth()).isZero()
        assertThat(Context.copyOfCurrent()).isEmpty()
        assertThat(depths(Dispatchers.IO)).containsOnly(0)
        assertThat(depths(Dispatchers.Default)).containsOnly(0)
        assertThat(Context.leakedScopes()).isEqualTo(leakedScopes)
    }
}

/**
 * Returns how many contexts, and values outside any, coroutines without values find on the threads of a dispatcher.
 */
internal fun depths(dispatcher: CoroutineDispatcher): List<Int> = runBlocking {
    List(256) {
        async(dispatcher) {
            yield()
            Context.depth() + Context.copyOfCurrent().size
        }
    }.awaitAll()
}
