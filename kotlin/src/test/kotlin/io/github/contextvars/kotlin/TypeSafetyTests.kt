package io.github.contextvars.kotlin

import io.github.contextvars.ContextVar
import kotlinx.coroutines.CoroutineScope
import org.assertj.core.api.Assertions.assertThat
import org.jetbrains.kotlin.cli.common.ExitCode
import org.jetbrains.kotlin.cli.jvm.K2JVMCompiler
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.ByteArrayOutputStream
import java.io.File
import java.io.PrintStream
import java.nio.file.Path
import kotlin.io.path.writeText

/**
 * What compiles, and what does not.
 */
class TypeSafetyTests {

    @TempDir
    private lateinit var directory: Path

    @Test
    fun valuesOfTheVariablesTypesCompile() {
        val (code, messages) =
            compile("import io.github.contextvars.kotlin.to", "TENANT to \"acme\", COUNT to 1, NOTE to null")

        assertThat(code).describedAs(messages).isEqualTo(ExitCode.OK)
    }

    @Test
    fun valueOfAnotherTypeDoesNotCompile() {
        val (code, messages) = compile("import io.github.contextvars.kotlin.to", "TENANT to 1")

        assertThat(code).isEqualTo(ExitCode.COMPILATION_ERROR)
        assertThat(messages).contains("give each variable a value of its type")
    }

    @Test
    fun nullForAVariableWithoutNullDoesNotCompile() {
        val (code, messages) = compile("import io.github.contextvars.kotlin.to", "TENANT to null")

        assertThat(code).isEqualTo(ExitCode.COMPILATION_ERROR)
        assertThat(messages).contains("give each variable a value of its type")
    }

    @Test
    fun withoutTheImportTheErrorNamesIt() {
        val (code, messages) = compile("", "TENANT to \"acme\"")

        assertThat(code).isEqualTo(ExitCode.COMPILATION_ERROR)
        assertThat(messages).contains("Import io.github.contextvars.kotlin.to")
    }

    private fun compile(import: String, values: String): Pair<ExitCode, String> {
        val source = directory.resolve("Source.kt")
        source.writeText(
            """
            import io.github.contextvars.ContextVar
            import io.github.contextvars.kotlin.withContextVars
            $import

            val TENANT: ContextVar<String> = ContextVar.of("tenant")
            val COUNT: ContextVar<Number> = ContextVar.of("count")
            val NOTE: ContextVar<String?> = ContextVar.of("note")

            suspend fun call() = withContextVars($values) { TENANT.get() }
            """.trimIndent(),
        )
        val classPath = listOf(ContextVar::class, ContextValue::class, Unit::class, CoroutineScope::class)
            .joinToString(File.pathSeparator) { File(it.java.protectionDomain.codeSource.location.toURI()).path }
        val messages = ByteArrayOutputStream()
        val code = K2JVMCompiler().exec(
            PrintStream(messages), "-no-stdlib", "-no-reflect", "-jvm-target", "17", "-classpath", classPath,
            "-d", directory.resolve("classes").toString(), source.toString(),
        )
        return Pair(code, messages.toString())
    }
}
