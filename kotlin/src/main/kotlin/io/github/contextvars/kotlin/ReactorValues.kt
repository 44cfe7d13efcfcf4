package io.github.contextvars.kotlin

import io.micrometer.context.ContextSnapshotFactory
import kotlinx.coroutines.reactor.ReactorContext
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.EmptyCoroutineContext
import reactor.util.context.Context as ReactorsContext

/**
 * Values in Reactor's context, which operators of an awaited publisher have instead of those of the thread that
 * subscribes. A controller's coroutine has its request's there: without this, a block's `WebClient` would read them.
 */
internal object ReactorValues {

    // The key of the accessor for contexts, which the module 'spring' registers.
    private const val KEY = "io.github.contextvars"

    private val present = listOf("kotlinx.coroutines.reactor.ReactorContext", "io.micrometer.context.ContextSnapshot")
        .all { isPresent(it) }

    /**
     * Captures the current context.
     *
     * @param coroutineContext what may have a context of Reactor's already
     * @return an element with that, and with the current context in it; nothing if Reactor is absent
     */
    fun capture(coroutineContext: CoroutineContext): CoroutineContext =
        if (present) Bridge.capture(coroutineContext) else EmptyCoroutineContext

    private fun isPresent(name: String): Boolean = try {
        Class.forName(name, false, ReactorValues::class.java.classLoader)
        true
    } catch (_: ClassNotFoundException) {
        false
    }

    private object Bridge {

        private val snapshots = ContextSnapshotFactory.builder().captureKeyPredicate { it == KEY }.build()

        fun capture(coroutineContext: CoroutineContext): CoroutineContext {
            val outer = coroutineContext[ReactorContext]?.context ?: ReactorsContext.empty()
            val inner = snapshots.captureAll().updateContext(outer)
            return if (inner === outer) EmptyCoroutineContext else ReactorContext(inner)
        }
    }
}
