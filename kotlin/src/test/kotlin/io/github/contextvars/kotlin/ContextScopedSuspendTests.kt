package io.github.contextvars.kotlin

import io.github.contextvars.Context
import io.github.contextvars.ContextVar
import io.github.contextvars.spring.annotation.ContextScoped
import io.github.contextvars.spring.annotation.ContextSetting
import io.github.contextvars.spring.annotation.ContextVariable
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsScopedAutoConfiguration
import io.github.contextvars.spring.work.UnitOfWork
import io.github.contextvars.spring.work.WorkConfiguration
import io.github.contextvars.spring.work.WorkRegistry
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.yield
import org.assertj.core.api.Assertions.assertThat
import org.assertj.core.api.Assertions.assertThatExceptionOfType
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource
import org.springframework.beans.factory.ObjectProvider
import org.springframework.boot.autoconfigure.AutoConfigurations
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration
import org.springframework.boot.test.context.runner.ApplicationContextRunner
import org.springframework.core.PropagationContextElement
import reactor.core.publisher.Hooks
import java.io.IOException
import java.util.concurrent.Callable
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.time.Duration.Companion.seconds

/**
 * Suspending functions that are `@ContextScoped`.
 */
class ContextScopedSuspendTests : CoroutineTests() {

    private val runner = ApplicationContextRunner()
        .withConfiguration(
            AutoConfigurations.of(
                AopAutoConfiguration::class.java,
                ContextVarsAutoConfiguration::class.java,
                ContextVarsScopedAutoConfiguration::class.java,
            ),
        )
        .withBean(Declared::class.java)
        .withBean(WorkConfiguration.Tracking::class.java)

    @BeforeEach
    fun propagateAutomatically() {
        Hooks.enableAutomaticContextPropagation()
    }

    @AfterEach
    fun doNotPropagateAutomatically() {
        Hooks.disableAutomaticContextPropagation()
    }

    @Test
    fun settingsHoldAcrossSuspensions() = call { service ->
        assertThat(service.across("acme")).isEqualTo("acme acme acme acme")
        assertThat(TENANT.get()).isEqualTo("none")
    }

    @Test
    fun callerGoesOnInItsOwnContext() {
        val callers = listOf(
            EmptyCoroutineContext,
            Dispatchers.IO,
            PropagationContextElement(),
            Dispatchers.IO + PropagationContextElement(),
            // What Spring gives a controller. Without an element, the caller would go on in what resumes it.
            Dispatchers.Unconfined + PropagationContextElement(),
            Dispatchers.Unconfined + Context().asCoroutineContext(),
        )
        for (caller in callers) {
            call(caller) { service ->
                assertThat(service.across("acme")).isEqualTo("acme acme acme acme")
                assertThat(TENANT.get()).describedAs("%s", caller).isEqualTo("none")
                delay(1)
                assertThat(TENANT.get()).describedAs("%s", caller).isEqualTo("none")
            }
        }
    }

    @Test
    fun setIsSeenUntilTheNextSuspension() = call { service ->
        withContextVars(TENANT to "outer") {
            assertThat(service.setting("acme")).isEqualTo("acme outer")
            assertThat(TENANT.get()).isEqualTo("outer")
        }
    }

    @Test
    fun scopeAndBlockCanBeNested() = call { service ->
        withContextVars(TENANT to "outer", USER to "ada") {
            assertThat(service.across("acme")).isEqualTo("acme acme acme acme")
            assertThat(TENANT.get() + USER.get()).isEqualTo("outerada")
            delay(1)
            assertThat(TENANT.get() + USER.get()).isEqualTo("outerada")
            assertThat(service.nested("acme")).isEqualTo("acme inner globex globex globex globex inner acme")
            assertThat(TENANT.get()).isEqualTo("outer")
        }
    }

    @Test
    fun freshScopeIsEmpty() = call { service ->
        withContextVars(TENANT to "outer") {
            assertThat(service.fresh()).isEqualTo("none none")
            assertThat(TENANT.get()).isEqualTo("outer")
        }
    }

    @Test
    fun functionWithoutResultReturns() = call { service ->
        service.unit()
        assertThat(TENANT.get()).isEqualTo("none")
    }

    @Test
    fun exceptionIsThrownUnchanged() = call { service ->
        assertThatExceptionOfType(IOException::class.java)
            .isThrownBy { runBlocking { service.failing("acme") } }
            .withMessage("acme")
        assertThat(TENANT.get()).isEqualTo("none")
    }

    @Test
    fun scopeIsListedUntilTheFunctionReturnsOrIsCancelled() {
        runner.withBean(Service::class.java).run { context ->
            val registry = context.getBean(WorkRegistry::class.java)
            val service = context.getBean(Service::class.java)
            runBlocking { listed(registry, service) }
        }
    }

    private suspend fun listed(registry: WorkRegistry, service: Service) {
        coroutineScope {
            val started = CompletableDeferred<Unit>()
            val job = launch(Dispatchers.IO) { service.waiting(started, CompletableDeferred()) }
            started.await()
            assertThat(registry.list()).extracting<UnitOfWork.Kind> { it.kind() }.contains(UnitOfWork.Kind.SCOPED)
            job.cancelAndJoin()
            awaitNothing(registry)

            val finished = CompletableDeferred<Unit>()
            val again = launch(Dispatchers.IO) { service.waiting(CompletableDeferred(), finished) }
            finished.complete(Unit)
            again.join()
            awaitNothing(registry)
        }
    }

    // The signal that ends the scope may still be under way when the coroutine has ended.
    private suspend fun awaitNothing(registry: WorkRegistry) = withTimeout(20.seconds) {
        while (registry.list().isNotEmpty()) {
            yield()
        }
    }

    @Test
    fun concurrentCallsHaveTheirOwnScopes() = call { service ->
        val seen = List(64) { number -> async(Dispatchers.Default) { service.across("acme$number") } }.awaitAll()

        assertThat(seen).isEqualTo(List(64) { number -> List(4) { "acme$number" }.joinToString(" ") })
    }

    @Test
    fun annotationOfATypeApplies() {
        runner.withBean(ScopedType::class.java).run { context ->
            runBlocking {
                withContextVars(TENANT to "outer") {
                    assertThat(context.getBean(ScopedType::class.java).work()).isEqualTo("acme outer")
                    assertThat(TENANT.get()).isEqualTo("outer")
                }
            }
        }
    }

    @Test
    fun annotationOfAnInterfaceAppliesThroughAProxyOfTheJdk() {
        runner.withPropertyValues("spring.aop.proxy-target-class=false")
            .withBean(Implementation::class.java)
            .run { context ->
                runBlocking {
                    assertThat(context.getBean(Contract::class.java).work("acme")).isEqualTo("acme acme")
                    assertThat(TENANT.get()).isEqualTo("none")
                }
            }
    }

    @ParameterizedTest
    @ValueSource(
        classes = [SuspendingFlow::class, PlainFlow::class, SuspendingCallable::class, FinalFunction::class,
            UnknownArgument::class],
    )
    fun whatCannotHoldDoesNotStart(bean: Class<*>) {
        runner.withBean(bean).run { context ->
            assertThat(context.startupFailure).hasMessageContaining("${bean.name}#work")
        }
    }

    @Test
    fun withoutAutomaticPropagationDoesNotStart() {
        Hooks.disableAutomaticContextPropagation()

        runner.withBean(Service::class.java).run { context ->
            assertThat(context.startupFailure)
                .hasMessageStartingWith("@ContextScoped cannot hold for the suspending function ")
                .hasMessageContaining("set 'spring.reactor.context-propagation=auto'")
        }
    }

    private fun call(
        context: CoroutineContext = EmptyCoroutineContext,
        block: suspend CoroutineScope.(Service) -> Unit,
    ) {
        runner.withBean(Service::class.java).run { application ->
            runBlocking(context) { block(application.getBean(Service::class.java)) }
        }
    }

    class Declared {

        companion object {

            @JvmField
            @field:ContextVariable
            val VARIABLE: ContextVar<String> = TENANT
        }
    }

    internal open class Service(private val self: ObjectProvider<Service>) {

        @ContextScoped(set = [ContextSetting(variable = "tenant", value = "#tenant")])
        open suspend fun across(tenant: String): String {
            val first = TENANT.get()
            delay(1)
            val second = TENANT.get()
            val third = withContext(Dispatchers.IO) {
                delay(1)
                TENANT.get()
            }
            return "$first $second $third ${TENANT.get()}"
        }

        @ContextScoped
        open suspend fun setting(tenant: String): String {
            TENANT.set(tenant)
            val before = TENANT.get()
            yield()
            return "$before ${TENANT.get()}"
        }

        @ContextScoped(set = [ContextSetting(variable = "tenant", value = "#p0")])
        open suspend fun nested(tenant: String): String {
            val before = TENANT.get()
            val block = withContextVars(TENANT to "inner") {
                val first = TENANT.get()
                delay(1)
                "$first ${self.getObject().across("globex")} ${TENANT.get()}"
            }
            return "$before $block ${TENANT.get()}"
        }

        @ContextScoped(fresh = true)
        open suspend fun fresh(): String {
            val first = TENANT.get()
            delay(1)
            return "$first ${TENANT.get()}"
        }

        @ContextScoped
        open suspend fun unit() {
            TENANT.set("acme")
            delay(1)
        }

        @ContextScoped(set = [ContextSetting(variable = "tenant", value = "#tenant")])
        open suspend fun failing(tenant: String): String {
            delay(1)
            check(TENANT.get() == tenant)
            throw IOException(TENANT.get())
        }

        @ContextScoped
        open suspend fun waiting(started: CompletableDeferred<Unit>, finished: CompletableDeferred<Unit>) {
            started.complete(Unit)
            finished.await()
        }
    }

    @ContextScoped
    internal open class ScopedType {

        open suspend fun work(): String {
            TENANT.set("acme")
            val before = TENANT.get()
            yield()
            delay(1)
            return "$before ${TENANT.get()}"
        }
    }

    internal interface Contract {

        @ContextScoped(set = [ContextSetting(variable = "tenant", value = "#p0")])
        suspend fun work(tenant: String): String
    }

    internal open class Implementation : Contract {

        override suspend fun work(tenant: String): String {
            val before = TENANT.get()
            delay(1)
            return "$before ${TENANT.get()}"
        }
    }

    internal open class SuspendingFlow {

        @ContextScoped
        open suspend fun work(): Flow<String> = flowOf(TENANT.get())
    }

    internal open class PlainFlow {

        @ContextScoped
        open fun work(): Flow<String> = flowOf(TENANT.get())
    }

    internal open class SuspendingCallable {

        @ContextScoped
        open suspend fun work(): Callable<String> = Callable { TENANT.get() }
    }

    internal open class FinalFunction {

        @ContextScoped
        suspend fun work(): String = TENANT.get()
    }

    internal open class UnknownArgument {

        @ContextScoped(set = [ContextSetting(variable = "tenant", value = "#p1")])
        open suspend fun work(tenant: String): String = tenant + TENANT.get()
    }
}
