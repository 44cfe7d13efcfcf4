package io.github.contextvars.kotlin

import io.github.contextvars.Context
import io.github.contextvars.ContextVar
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.delay
import kotlinx.coroutines.reactor.ReactorContext
import kotlinx.coroutines.reactor.asCoroutineContext
import kotlinx.coroutines.reactor.awaitSingle
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.assertj.core.api.Assertions.assertThat
import org.assertj.core.api.Assertions.assertThatExceptionOfType
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.springframework.core.PropagationContextElement
import reactor.core.publisher.Hooks
import reactor.core.publisher.Mono
import reactor.core.scheduler.Schedulers
import java.net.URLClassLoader
import java.util.function.Supplier
import reactor.util.context.Context as ReactorsContext

class ReactorValuesTests : CoroutineTests() {

    @BeforeEach
    fun propagateAutomatically() {
        Hooks.enableAutomaticContextPropagation()
    }

    @AfterEach
    fun doNotPropagateAutomatically() {
        Hooks.disableAutomaticContextPropagation()
    }

    @Test
    fun operatorsReadTheValuesOfTheBlockThatAwaitsThem() = runBlocking<Unit> {
        withContextVars(TENANT to "acme") {
            assertThat(operator()).isEqualTo("acme")
            assertThat(withContextVars(TENANT to "globex") { operator() }).isEqualTo("globex")
            assertThat(operator()).isEqualTo("acme")
        }
        assertThat(operator()).isEqualTo("none")
    }

    @Test
    fun restOfReactorsContextIsKept() = runBlocking<Unit> {
        val element = ReactorsContext.of("key", "value").asCoroutineContext()

        val seen = withContext(element) {
            withContextVars(TENANT to "acme") {
                Mono.deferContextual { Mono.just(it.get<String>("key") + TENANT.get()) }.awaitSingle()
            }
        }

        assertThat(seen).isEqualTo("valueacme")
    }

    @Test
    fun elementOfSpringInABlockHasTheValuesOfTheBlock() {
        for (outer in listOf(PropagationContextElement(), ReactorsContext.empty().asCoroutineContext())) {
            runBlocking(outer) {
                withContextVars(TENANT to "acme") {
                    withContext(PropagationContextElement() + Dispatchers.IO) {
                        delay(1)
                        assertThat(TENANT.get()).isEqualTo("acme")
                    }
                }
                assertThat(coroutineContext[ReactorContext]?.context?.isEmpty ?: true).isTrue()
            }
        }
    }

    @Test
    fun blockNeedsNoReactor() {
        val urls = listOf(ContextValue::class, ContextVar::class, Unit::class, CoroutineScope::class, Block::class)
            .map { it.java.protectionDomain.codeSource.location }
        URLClassLoader(urls.toTypedArray(), ClassLoader.getPlatformClassLoader()).use { loader ->
            assertThatExceptionOfType(ClassNotFoundException::class.java)
                .isThrownBy { loader.loadClass(Mono::class.java.name) }

            val block = loader.loadClass(Block::class.java.name).getConstructor().newInstance() as Supplier<*>

            assertThat(block.get()).isEqualTo("acme")
        }
    }

    private suspend fun operator(): String =
        Mono.fromCallable { TENANT.get() }.subscribeOn(Schedulers.boundedElastic()).awaitSingle()

    class Block : Supplier<String> {

        private val variable: ContextVar<String> = ContextVar.of("variable")

        override fun get(): String = runBlocking {
            withContextVars(variable to "acme") {
                delay(1)
                check(Context.depth() == 1)
                variable.get()
            }
        }
    }
}
