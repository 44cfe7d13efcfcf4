package io.github.contextvars.kotlin

import org.springframework.boot.Banner
import org.springframework.boot.builder.SpringApplicationBuilder
import org.springframework.context.ConfigurableApplicationContext
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.time.Duration
import java.util.concurrent.CompletableFuture
import kotlin.reflect.KClass

/**
 * An application on a real server and a random port, whose requests have a tenant in a header.
 */
internal class RunningApplication(type: KClass<*>, vararg properties: String) : AutoCloseable {

    val context: ConfigurableApplicationContext = SpringApplicationBuilder(type.java)
        .bannerMode(Banner.Mode.OFF)
        .logStartupInfo(false)
        .properties(
            "server.port=0",
            "contextvars.fill.tenant.header=X-Tenant",
            "spring.reactor.context-propagation=auto",
        )
        .properties(*properties)
        .run()

    private val client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()

    fun get(path: String, tenant: String): String = getLater(path, tenant).join()

    fun getLater(path: String, tenant: String): CompletableFuture<String> {
        val port = context.environment.getRequiredProperty("local.server.port")
        val request = HttpRequest.newBuilder(URI.create("http://localhost:$port$path"))
            .header("X-Tenant", tenant)
            .header("X-User", "ada")
            .timeout(Duration.ofSeconds(30))
            .build()
        return client.sendAsync(request, HttpResponse.BodyHandlers.ofString()).thenApply {
            if (it.statusCode() == 200) it.body() else "${it.statusCode()}: ${it.body()}"
        }
    }

    override fun close() {
        context.close()
    }
}
