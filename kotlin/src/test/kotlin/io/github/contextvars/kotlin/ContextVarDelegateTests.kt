package io.github.contextvars.kotlin

import io.github.contextvars.Context
import io.github.contextvars.ContextVar
import org.assertj.core.api.Assertions.assertThat
import org.assertj.core.api.Assertions.assertThatExceptionOfType
import org.junit.jupiter.api.Test
import java.net.URLClassLoader

class ContextVarDelegateTests {

    private val tenant by TENANT

    private val order by ORDER

    private val note by NOTE

    @Test
    fun readsTheVariableEachTime() {
        assertThat(tenant).isEqualTo("none")
        Context().run {
            TENANT.set("acme")
            assertThat(tenant).isEqualTo("acme")
            TENANT.set("globex")
            assertThat(tenant).isEqualTo("globex")
        }
        assertThat(tenant).isEqualTo("none")
    }

    @Test
    fun localPropertyReadsTheVariable() {
        val local by TENANT

        Context().run {
            TENANT.set("acme")
            assertThat(local).isEqualTo("acme")
        }
    }

    @Test
    fun hasTheTypeOfTheVariable() {
        Context().run {
            ORDER.set(7)
            assertThat(order + 1).isEqualTo(8)
            NOTE.set(null)
            assertThat(note?.length).isNull()
        }
    }

    @Test
    fun readWithoutValueThrows() {
        assertThatExceptionOfType(NoSuchElementException::class.java).isThrownBy { order }
            .withMessage("'order' has no value in this context and no default")
    }

    @Test
    fun needsNoCoroutines() {
        val urls = listOf(ContextValue::class.java, ContextVar::class.java, Unit::class.java, javaClass)
            .map { it.protectionDomain.codeSource.location }
        URLClassLoader(urls.toTypedArray(), ClassLoader.getPlatformClassLoader()).use { loader ->
            assertThatExceptionOfType(ClassNotFoundException::class.java)
                .isThrownBy { loader.loadClass("kotlinx.coroutines.CoroutineScope") }

            val reader = loader.loadClass(Reader::class.java.name).getConstructor().newInstance()

            assertThat(reader).hasToString("default")
        }
    }

    class Reader {

        private val value by ContextVar.of("variable", "default")

        override fun toString(): String = value
    }

    private companion object {

        val ORDER: ContextVar<Int> = ContextVar.of("order")

        val NOTE: ContextVar<String?> = ContextVar.of("note")
    }
}
