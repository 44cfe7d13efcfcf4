package io.github.contextvars.kotlin

import io.github.contextvars.Context
import kotlinx.coroutines.ThreadContextElement
import kotlin.coroutines.AbstractCoroutineContextElement
import kotlin.coroutines.CoroutineContext

/**
 * Element of a coroutine's context that enters a copy of [values] whenever the coroutine starts or resumes, and leaves
 * the copy when it suspends or ends.
 *
 * Many coroutines have the same element at once, and a coroutine may resume on one thread before another one has
 * suspended it. So the element has no state: [values] is never entered, and each copy is known to the thread that is in
 * it only.
 */
internal class ContextElement(private val values: Context) :
    AbstractCoroutineContextElement(Key), ThreadContextElement<Context.Scope> {

    override fun updateThreadContext(context: CoroutineContext): Context.Scope = values.copy().enter()

    override fun restoreThreadContext(context: CoroutineContext, oldState: Context.Scope) {
        oldState.close()
    }

    /**
     * Returns the names of the variables, and never a value.
     */
    override fun toString(): String = values.toString()

    companion object Key : CoroutineContext.Key<ContextElement>
}
