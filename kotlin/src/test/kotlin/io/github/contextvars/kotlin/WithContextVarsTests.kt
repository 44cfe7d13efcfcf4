package io.github.contextvars.kotlin

import io.github.contextvars.Context
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.channelFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.flowOn
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.single
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.supervisorScope
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.yield
import org.assertj.core.api.Assertions.assertThat
import org.assertj.core.api.Assertions.assertThatExceptionOfType
import org.assertj.core.api.Assertions.assertThatIllegalStateException
import org.assertj.core.api.Assertions.assertThatIllegalArgumentException
import org.junit.jupiter.api.Nested
import org.junit.jupiter.api.Test
import java.util.concurrent.CompletableFuture
import kotlin.concurrent.thread
import kotlin.coroutines.Continuation
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.startCoroutine

class WithContextVarsTests : CoroutineTests() {

    @Nested
    inner class Values {

        @Test
        fun holdForTheBlock() = test {
            val result = withContextVars(TENANT to "acme", USER to "ada") { TENANT.get() + USER.get() }

            assertThat(result).isEqualTo("acmeada")
            assertThat(TENANT.get()).isEqualTo("none")
        }

        @Test
        fun stayOnTopOfThoseOfTheCurrentContext() = test {
            val seen = Context().call<String, RuntimeException> {
                TENANT.set("acme")
                USER.set("ada")
                runBlocking {
                    withContextVars(TENANT to "globex") {
                        delay(1)
                        withContext(Dispatchers.IO) { TENANT.get() + USER.get() }
                    }
                }
            }

            assertThat(seen).isEqualTo("globexada")
        }

        @Test
        fun withoutAnyThoseOfTheCurrentContextAreKept() = test {
            val context = Context()
            val seen = context.call<String, RuntimeException> {
                TENANT.set("acme")
                runBlocking {
                    withContextVars {
                        TENANT.set("globex")
                        yield()
                        TENANT.get()
                    }
                }
            }

            assertThat(seen).isEqualTo("acme")
            assertThat(context[TENANT]).isEqualTo("acme")
        }

        @Test
        fun ofOneVariableTheLastCounts() = test {
            assertThat(withContextVars(TENANT to "acme", TENANT to "globex") { TENANT.get() }).isEqualTo("globex")
        }

        @Test
        fun areNeverShown() = test {
            assertThat(TENANT to "acme").hasToString("ContextValue[tenant]")
            withContextVars(TENANT to "acme") {
                assertThat(coroutineContext.toString()).contains("Context[tenant]").doesNotContain("acme")
            }
        }
    }

    @Nested
    inner class Suspensions {

        @Test
        fun valuesHoldAcrossDelay() = test {
            withContextVars(TENANT to "acme") {
                delay(1)
                assertThat(TENANT.get()).isEqualTo("acme")
                yield()
                assertThat(TENANT.get()).isEqualTo("acme")
                withTimeout(10_000) {
                    delay(1)
                    assertThat(TENANT.get()).isEqualTo("acme")
                }
            }
            delay(1)
            assertThat(TENANT.get()).isEqualTo("none")
        }

        @Test
        fun valuesHoldOnOtherDispatchers() = test {
            withContextVars(TENANT to "acme") {
                for (dispatcher in listOf(Dispatchers.IO, Dispatchers.Default, Dispatchers.Unconfined)) {
                    withContext(dispatcher) {
                        assertThat(TENANT.get()).isEqualTo("acme")
                        delay(1)
                        assertThat(TENANT.get()).isEqualTo("acme")
                    }
                    assertThat(TENANT.get()).isEqualTo("acme")
                }
            }
        }

        @Test
        fun valuesHoldInCoroutinesThatTheBlockStarts() = test {
            val seen = withContextVars(TENANT to "acme") {
                val children = listOf(
                    async { TENANT.get() },
                    async(Dispatchers.IO) {
                        delay(1)
                        TENANT.get()
                    },
                    async(Dispatchers.Default) { coroutineScope { async { TENANT.get() }.await() } },
                    async(start = CoroutineStart.UNDISPATCHED) {
                        delay(1)
                        TENANT.get()
                    },
                    async(start = CoroutineStart.LAZY) { supervisorScope { TENANT.get() } },
                )
                children.awaitAll()
            }

            assertThat(seen).hasSize(5).containsOnly("acme")
        }

        @Test
        fun valuesHoldWithoutDispatcher() {
            val resumed = CompletableDeferred<Unit>()
            val result = CompletableFuture<String>()
            val block = suspend {
                withContextVars(TENANT to "acme") {
                    resumed.await()
                    TENANT.get()
                } + TENANT.get()
            }

            block.startCoroutine(Continuation(EmptyCoroutineContext) { result.complete(it.getOrThrow()) })
            assertThat(result).isNotDone()
            thread { resumed.complete(Unit) }.join()

            assertThat(result).isCompletedWithValue("acmenone")
        }

        @Test
        fun valuesAreThoseOfTheCoroutineThatAnotherOneResumes() = test {
            val resumed = CompletableDeferred<Unit>()
            val seen = mutableListOf<String>()
            launch(Dispatchers.Unconfined) {
                withContextVars(TENANT to "acme") {
                    resumed.await()
                    seen += TENANT.get()
                    TENANT.set("changed")
                }
            }
            withContextVars(TENANT to "globex") {
                resumed.complete(Unit)
                seen += TENANT.get()
            }

            assertThat(seen).containsExactly("acme", "globex")
        }
    }

    @Nested
    inner class Blocks {

        @Test
        fun innerHidesOuter() = test {
            withContextVars(TENANT to "acme", USER to "ada") {
                delay(1)
                withContextVars(TENANT to "globex") {
                    assertThat(TENANT.get() + USER.get()).isEqualTo("globexada")
                    delay(1)
                    assertThat(TENANT.get() + USER.get()).isEqualTo("globexada")
                    withContextVars(USER to "bob") {
                        withContext(Dispatchers.IO) { assertThat(TENANT.get() + USER.get()).isEqualTo("globexbob") }
                    }
                }
                assertThat(TENANT.get() + USER.get()).isEqualTo("acmeada")
                delay(1)
                assertThat(TENANT.get() + USER.get()).isEqualTo("acmeada")
            }
        }

        @Test
        fun onOneThreadWithoutDispatchAreLeftInOrder() = test {
            withContext(Dispatchers.Unconfined) {
                withContextVars(TENANT to "outer") {
                    assertThat(Context.depth()).isEqualTo(1)
                    withContextVars(TENANT to "inner") { assertThat(Context.depth()).isEqualTo(2) }
                    assertThat(Context.depth()).isEqualTo(1)
                    assertThat(TENANT.get()).isEqualTo("outer")
                }
                assertThat(Context.depth()).isZero()
            }
        }

        @Test
        fun depthDoesNotGrowWithSuspensions() = test {
            withContextVars(TENANT to "outer") {
                withContextVars(TENANT to "inner") {
                    repeat(100) { yield() }
                    assertThat(Context.depth()).isEqualTo(1)
                }
                repeat(100) { yield() }
                assertThat(Context.depth()).isEqualTo(1)
            }
        }

        @Test
        fun exceptionIsThrownUnchanged() = test {
            val planned = IllegalStateException("planned")

            val seen = withContextVars(TENANT to "outer") {
                val caught = runCatching { withContextVars(TENANT to "inner") { throw planned } }
                caught.exceptionOrNull() to TENANT.get()
            }

            assertThat(seen).isEqualTo(kotlin.Pair(planned, "outer"))
            assertThat(TENANT.get()).isEqualTo("none")
        }

        @Test
        fun exceptionAfterSuspensionLeavesTheBlock() = test {
            withContextVars(TENANT to "outer") {
                assertThatIllegalStateException().isThrownBy {
                    runBlocking {
                        withContextVars(TENANT to "inner") {
                            delay(1)
                            error("planned")
                        }
                    }
                }.withMessage("planned")
                assertThat(TENANT.get()).isEqualTo("outer")
            }
        }

        @Test
        fun cancellationLeavesTheBlock() = test {
            val seen = mutableListOf<String>()
            val started = CompletableDeferred<Unit>()
            val job = launch(Dispatchers.Default) {
                withContextVars(TENANT to "acme") {
                    try {
                        started.complete(Unit)
                        awaitCancellation()
                    } finally {
                        seen += TENANT.get()
                        withContext(NonCancellable) {
                            delay(1)
                            seen += TENANT.get()
                        }
                    }
                }
            }
            started.await()
            job.cancelAndJoin()

            assertThat(seen).containsExactly("acme", "acme")
        }

        @Test
        fun cancelledCoroutineDoesNotBegin() = test {
            val job = launch(start = CoroutineStart.UNDISPATCHED) {
                runCatching { awaitCancellation() }
                assertThat(runCatching { withContextVars(TENANT to "acme") { TENANT.get() } }.exceptionOrNull())
                    .isInstanceOf(CancellationException::class.java)
                assertThat(Context.depth()).isZero()
            }
            job.cancelAndJoin()
        }

        @Test
        fun runBlockingOnTheSameThreadReadsTheValues() = test {
            withContextVars(TENANT to "acme") {
                assertThat(runBlocking { TENANT.get() }).isEqualTo("acme")
                assertThat(runBlocking(Dispatchers.IO) { TENANT.get() }).isEqualTo("none")
                assertThat(
                    runBlocking(Dispatchers.IO + Context.copyOfCurrent().asCoroutineContext()) { TENANT.get() },
                ).isEqualTo("acme")
            }
        }
    }

    @Nested
    inner class Sets {

        @Test
        fun areSeenUntilTheNextSuspension() = test {
            withContextVars(TENANT to "acme") {
                TENANT.set("globex")
                assertThat(TENANT.get()).isEqualTo("globex")
                withContextVars(USER to "ada") { assertThat(TENANT.get()).isEqualTo("globex") }
                assertThat(TENANT.get()).isEqualTo("globex")
                yield()
                assertThat(TENANT.get()).isEqualTo("acme")
            }
        }

        @Test
        fun areSeenByNoOtherCoroutine() = test {
            withContextVars(TENANT to "acme") {
                TENANT.set("globex")
                assertThat(async { TENANT.get() }.await()).isEqualTo("acme")
                assertThat(async(start = CoroutineStart.UNDISPATCHED) { TENANT.get() }.await()).isEqualTo("acme")
                launch { TENANT.set("initech") }.join()
                assertThat(TENANT.get()).isEqualTo("acme")
            }
            assertThat(TENANT.get()).isEqualTo("none")
        }

        @Test
        fun canBeResetBeforeTheNextSuspension() = test {
            withContextVars(TENANT to "acme") {
                TENANT.set("globex").use { assertThat(TENANT.get()).isEqualTo("globex") }
                assertThat(TENANT.get()).isEqualTo("acme")
            }
        }

        @Test
        fun cannotBeResetAfterASuspension() = test {
            withContextVars(TENANT to "acme") {
                val token = TENANT.set("globex")
                yield()

                assertThatIllegalArgumentException().isThrownBy { TENANT.reset(token) }
                    .withMessage("Token of 'tenant' was made in another context; reset it where it was set")
                assertThat(TENANT.get()).isEqualTo("acme")
            }
        }
    }

    @Nested
    inner class Flows {

        @Test
        fun readTheValuesOfTheirCollector() = test {
            val tenants = flow {
                emit(TENANT.get())
                delay(1)
                emit(TENANT.get())
            }
            withContextVars(TENANT to "acme") {
                assertThat(tenants.toList()).containsExactly("acme", "acme")
                assertThat(tenants.flowOn(Dispatchers.IO).toList()).containsExactly("acme", "acme")
                assertThat(tenants.flowOn(Dispatchers.Default).buffer(1).map { it + TENANT.get() }.toList())
                    .containsExactly("acmeacme", "acmeacme")
                assertThat(channelFlow { launch(Dispatchers.IO) { send(TENANT.get()) } }.single()).isEqualTo("acme")
            }
            assertThat(tenants.toList()).containsExactly("none", "none")
        }

        @Test
        fun haveTheirOwnValues() = test {
            val tenants = flow {
                emit(TENANT.get() + USER.get())
                delay(1)
                emit(TENANT.get() + USER.get())
            }

            withContextVars(TENANT to "acme", USER to "ada") {
                val flow = tenants.withContextVars(TENANT to "flow")
                withContextVars(TENANT to "collector", USER to "bob") {
                    assertThat(flow.map { it + TENANT.get() }.toList())
                        .containsExactly("flowadacollector", "flowadacollector")
                    assertThat(TENANT.get()).isEqualTo("collector")
                    assertThat(flow.flowOn(Dispatchers.IO).map { it + TENANT.get() }.toList())
                        .containsExactly("flowadacollector", "flowadacollector")
                }
                assertThat(TENANT.get()).isEqualTo("acme")
            }
        }

        @Test
        fun keepTheirValuesForACollectorThatHasNone() = test {
            val flow = withContextVars(TENANT to "acme") {
                flow {
                    emit(TENANT.get())
                    yield()
                    emit(TENANT.get())
                }.withContextVars()
            }

            for (dispatcher in listOf(Dispatchers.Unconfined, Dispatchers.IO, EmptyCoroutineContext)) {
                withContext(dispatcher) {
                    assertThat(flow.toList()).containsExactly("acme", "acme")
                    yield()
                    assertThat(TENANT.get()).isEqualTo("none")
                }
            }
            assertThat(flow.first()).isEqualTo("acme")
            assertThat(TENANT.get()).isEqualTo("none")
        }

        @Test
        fun refuseABlockAroundEmit() = test {
            assertThatIllegalStateException().isThrownBy {
                runBlocking { flow { withContextVars(TENANT to "acme") { emit(TENANT.get()) } }.toList() }
            }.withMessageContaining("Flow invariant is violated")
        }
    }

    @Test
    fun pairsOfKotlinAreRefused() {
        @Suppress("DEPRECATION_ERROR")
        val block = suspend { withContextVars(Pair(TENANT, "acme")) { TENANT.get() } }

        assertThatExceptionOfType(UnsupportedOperationException::class.java).isThrownBy { runBlocking { block() } }
            .withMessage("Import io.github.contextvars.kotlin.to")
    }

    private fun test(block: suspend CoroutineScope.() -> Unit) = runBlocking(block = block)
}
