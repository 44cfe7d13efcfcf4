package io.github.contextvars.demo;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Client of the DevTools protocol that drives one page of a browser.
 */
final class DevTools implements WebSocket.Listener, AutoCloseable {

	private final JsonMapper json = new JsonMapper();

	private final AtomicInteger ids = new AtomicInteger();

	private final Map<Integer, CompletableFuture<JsonNode>> pendingCalls = new ConcurrentHashMap<>();

	private final Queue<String> errors = new ConcurrentLinkedQueue<>();

	private final StringBuilder message = new StringBuilder();

	private WebSocket socket;

	private DevTools() {
	}

	static DevTools connect(URI address) {
		DevTools page = new DevTools();
		page.socket = HttpClient.newHttpClient().newWebSocketBuilder().buildAsync(address, page).join();
		List.of("Page.enable", "Runtime.enable", "Log.enable").forEach(page::call);
		return page;
	}

	void open(String url) {
		call("Page.navigate", "url", url);
	}

	void resize(int width, int height) {
		call("Emulation.setDeviceMetricsOverride", "width", width, "height", height, "deviceScaleFactor", 1, "mobile",
				false);
	}

	/**
	 * Click the centre of an element with the mouse.
	 * @param selector the selector of the element
	 */
	void click(String selector) {
		JsonNode center = evaluate("""
				(() => {
				  const target = document.querySelector('%s');
				  target.scrollIntoView({ block: 'center', behavior: 'instant' });
				  const box = target.getBoundingClientRect();
				  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
				})()""".formatted(selector));
		for (String type : List.of("mousePressed", "mouseReleased")) {
			call("Input.dispatchMouseEvent", "type", type, "x", center.get("x").asDouble(), "y",
					center.get("y").asDouble(), "button", "left", "clickCount", 1);
		}
	}

	/**
	 * Replace the content of a field by typing.
	 * @param selector the selector of the field
	 * @param text the text to type
	 */
	void type(String selector, String text) {
		click(selector);
		evaluate("document.activeElement.select()");
		call("Input.insertText", "text", text);
	}

	void choose(String selector, String option) {
		evaluate("""
				(() => {
				  const list = document.querySelector('%s');
				  list.value = '%s';
				  list.dispatchEvent(new Event('change', { bubbles: true }));
				})()""".formatted(selector, option));
	}

	String text(String selector) {
		return evaluate("document.querySelector('" + selector + "')?.innerText ?? ''").asString();
	}

	int count(String selector) {
		return evaluate("document.querySelectorAll('" + selector + "').length").asInt();
	}

	JsonNode evaluate(String script) {
		JsonNode result = call("Runtime.evaluate", "expression", script, "returnByValue", true);
		if (result.has("exceptionDetails")) {
			throw new IllegalStateException(script + ": " + result);
		}
		return result.path("result").path("value");
	}

	byte[] screenshot() {
		return Base64.getDecoder().decode(call("Page.captureScreenshot", "format", "png").get("data").asString());
	}

	/**
	 * Return the errors of the page since the last call: exceptions and errors on the
	 * console.
	 * @return the errors
	 */
	List<String> takeErrors() {
		List<String> taken = List.copyOf(this.errors);
		this.errors.removeAll(taken);
		return taken;
	}

	private JsonNode call(String method, Object... parameters) {
		return send(method, parameters).orTimeout(30, TimeUnit.SECONDS).join();
	}

	CompletableFuture<JsonNode> send(String method, Object... parameters) {
		Map<String, Object> named = new ConcurrentHashMap<>();
		for (int i = 0; i < parameters.length; i += 2) {
			named.put((String) parameters[i], parameters[i + 1]);
		}
		int id = this.ids.incrementAndGet();
		CompletableFuture<JsonNode> result = new CompletableFuture<>();
		this.pendingCalls.put(id, result);
		this.socket.sendText(this.json.writeValueAsString(Map.of("id", id, "method", method, "params", named)), true)
			.join();
		return result;
	}

	@Override
	public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
		this.message.append(data);
		if (last) {
			receive(this.json.readTree(this.message.toString()));
			this.message.setLength(0);
		}
		socket.request(1);
		return null;
	}

	private void receive(JsonNode received) {
		if (received.has("id")) {
			CompletableFuture<JsonNode> result = this.pendingCalls.remove(received.get("id").asInt());
			if (received.has("error")) {
				result.completeExceptionally(new IllegalStateException(received.toString()));
			}
			else {
				result.complete(received.get("result"));
			}
			return;
		}
		String event = received.path("method").asString();
		if (event.equals("Runtime.exceptionThrown")
				|| (event.equals("Log.entryAdded") && "error".equals(received.at("/params/entry/level").asString()))) {
			this.errors.add(received.toString());
		}
	}

	@Override
	public void close() {
		this.socket.abort();
	}

}
