package io.github.contextvars.kotlin

import io.github.contextvars.Context
import io.github.contextvars.ContextVar
import io.github.contextvars.Token
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.flowOn
import kotlinx.coroutines.withContext
import kotlin.coroutines.ContinuationInterceptor
import kotlin.coroutines.CoroutineContext

/**
 * Runs a block with values for variables, on top of those of the current context. The block reads them after each
 * suspension, on any dispatcher, and so do the coroutines that it starts:
 *
 * ```
 * withContextVars(TENANT to "acme") {
 *     delay(1)
 *     async(Dispatchers.IO) { TENANT.get() }.await()
 * }
 * ```
 *
 * The values do not change while the block runs. Whenever the block, or a coroutine that it has started, starts or
 * resumes, it enters a copy of the values, and it leaves the copy when it suspends. So what it sets with
 * [ContextVar.set] is seen until its next suspension at most, and by no other coroutine; nest blocks to use another
 * value. For the same reason a [Token] cannot be used after a suspension.
 *
 * Without arguments, the block keeps the values of the current context.
 *
 * If Micrometer's context propagation is present, operators of publishers that the block awaits read the values, too,
 * where Reactor propagates context automatically.
 *
 * A caller on [Dispatchers.Unconfined] goes on where the block has ended, and reads its own values there only if it has
 * an element for them: one of [asCoroutineContext], or the one that Spring adds where Reactor propagates context
 * automatically. If the caller has no dispatcher, the block runs on [Dispatchers.Unconfined].
 *
 * @param values the values, each made by [to]
 * @param block the block to run
 * @return the block's result
 * @since 0.1.0
 * @see asCoroutineContext
 */
public suspend fun <R> withContextVars(vararg values: ContextValue<*>, block: suspend CoroutineScope.() -> R): R {
    val caller = currentCoroutineContext()
    val context = Context.copyOfCurrent()
    if (caller[ContinuationInterceptor] == null) {
        // Only dispatchers update what threads have. The caller, which has none, goes on inside of the outer block.
        return withContext(ContextElement(context) + Dispatchers.Unconfined) { withContextVars(*values, block = block) }
    }
    val reactor = context.call<CoroutineContext, RuntimeException> {
        values.forEach { it.set() }
        ReactorValues.capture(caller)
    }
    return withContext(ContextElement(context) + reactor, block)
}

/**
 * Returns this flow with values for variables, on top of those of the current context. The flow reads them after each
 * suspension, wherever and whenever it is collected; its collector keeps its own, as the caller of a block does. Without
 * arguments, the flow has the values of the context in which this function is called:
 *
 * ```
 * @GetMapping("/lines")
 * fun lines(): Flow<String> = flow { … }.withContextVars()
 * ```
 *
 * The flow runs in a coroutine of its own, and may prepare its next value while the collector handles one.
 *
 * @param values the values, each made by [to]
 * @return a flow with the values
 * @since 0.1.0
 */
public fun <T> Flow<T>.withContextVars(vararg values: ContextValue<*>): Flow<T> {
    val context = Context.copyOfCurrent()
    context.run { values.forEach { it.set() } }
    // With a channel between both: without one, nothing would leave the flow's context before the collector goes on.
    return buffer(Channel.RENDEZVOUS).flowOn(ContextElement(context))
}

/**
 * Refuses values that are no [ContextValue].
 */
@Deprecated(
    "Import io.github.contextvars.kotlin.to, and give each variable a value of its type.",
    level = DeprecationLevel.ERROR,
)
@Suppress("UNUSED_PARAMETER", "RedundantSuspendModifier")
public suspend fun <R> withContextVars(
    first: Pair<ContextVar<*>, *>,
    vararg more: Pair<ContextVar<*>, *>,
    block: suspend CoroutineScope.() -> R,
): R = throw UnsupportedOperationException("Import io.github.contextvars.kotlin.to")

/**
 * Returns an element for a coroutine's context with the present values of this context. Each coroutine that has the
 * element reads them, as in a block of [withContextVars]:
 *
 * ```
 * scope.launch(Context.copyOfCurrent().asCoroutineContext()) { … }
 * runBlocking(Context.copyOfCurrent().asCoroutineContext()) { … }
 * ```
 *
 * This context is not entered, and what is set in it later is not seen by the coroutines. Any number of coroutines may
 * have the element at once. Of several such elements, the one that was added last counts.
 *
 * The element brings values to coroutines that have a [CoroutineDispatcher], as all those of `launch`, `async` and
 * `runBlocking` do, and not to Reactor's operators. For a flow, use [Flow.withContextVars]: with
 * [flowOn][kotlinx.coroutines.flow.flowOn] on one dispatcher, the collector may go on with the values of the flow.
 *
 * @since 0.1.0
 * @see withContextVars
 */
public fun Context.asCoroutineContext(): CoroutineContext = ContextElement(copy())
