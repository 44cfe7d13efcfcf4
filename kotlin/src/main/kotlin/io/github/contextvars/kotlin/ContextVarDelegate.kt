package io.github.contextvars.kotlin

import io.github.contextvars.ContextVar
import kotlin.reflect.KProperty

/**
 * Reads the variable each time the delegated property is read, as [ContextVar.get] does:
 *
 * ```
 * val tenant by TENANT
 * ```
 *
 * The property has no setter: use [ContextVar.set], or [withContextVars] in coroutines.
 *
 * @return the value in the current context, or the variable's default value
 * @throws NoSuchElementException if the variable is not set and has no default value
 * @since 0.1.0
 */
public operator fun <T> ContextVar<T>.getValue(thisRef: Any?, property: KProperty<*>): T = get()
