package io.github.contextvars.kotlin

import io.github.contextvars.ContextVar

/**
 * Variable and a value of its type, for [withContextVars]. Made by [to].
 *
 * @param T the type of the value
 * @since 0.1.0
 */
public class ContextValue<T> internal constructor(private val variable: ContextVar<T>, private val value: T) {

    internal fun set() {
        variable.set(value)
    }

    /**
     * Returns a string that contains the variable's name, and never the value.
     */
    override fun toString(): String = "ContextValue[${variable.name()}]"
}

/**
 * Pairs this variable with a value for [withContextVars]. A value of another type does not compile.
 *
 * Import this function: without the import, `TENANT to "acme"` is a [Pair] of Kotlin's, which [withContextVars]
 * refuses.
 *
 * @since 0.1.0
 */
public infix fun <T> ContextVar<T>.to(value: T): ContextValue<T> = ContextValue(this, value)
