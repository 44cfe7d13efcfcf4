package io.github.contextvars.spring.web.socket;

import java.net.URI;
import java.security.Principal;
import java.util.Map;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServletServerHttpRequest;
import org.springframework.util.Assert;
import org.springframework.web.socket.WebSocketSession;

import io.github.contextvars.Context;
import io.github.contextvars.spring.fill.AuthenticationFiller;
import io.github.contextvars.spring.fill.FilledValues;
import io.github.contextvars.spring.web.servlet.ContextFilter;
import io.github.contextvars.spring.work.ThreadBoundScope;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * The contexts of WebSocket sessions. A session's context begins as a copy of that of its
 * handshake request. It is kept in the session's attributes, so that it ends with the
 * session. May be used on any thread.
 */
final class WebSocketSessionContexts {

	private static final String HANDSHAKE = WebSocketSessionContexts.class.getName() + ".HANDSHAKE";

	private static final String SESSION = WebSocketSessionContexts.class.getName() + ".SESSION";

	private static final String FILLED = WebSocketSessionContexts.class.getName() + ".FILLED";

	private final Supplier<WorkRegistry> workRegistry;

	private final Supplier<@Nullable AuthenticationFiller> filler;

	@SuppressWarnings("ThreadLocalUsage") // one for each application
	private final ThreadLocal<@Nullable Frames> handling = new ThreadLocal<>();

	private final ThreadBoundScope passing = new ThreadBoundScope();

	/**
	 * Create the contexts of an application's sessions.
	 * @param workRegistry enters the contexts; asked for at the first session
	 * @param filler fills variables from users that authenticate themselves with STOMP,
	 * if Spring Security is present
	 */
	WebSocketSessionContexts(Supplier<WorkRegistry> workRegistry, Supplier<@Nullable AuthenticationFiller> filler) {
		this.workRegistry = workRegistry;
		this.filler = filler;
	}

	/**
	 * Remember the handshake request's unit of work. Its context is copied when the
	 * session begins, after all that handles the request.
	 * @param request the handshake request
	 * @param attributes the attributes of the future session
	 */
	void onHandshake(ServerHttpRequest request, Map<String, Object> attributes) {
		if (request instanceof ServletServerHttpRequest servletRequest) {
			ContextFilter.findUnitOfWork(servletRequest.getServletRequest()).ifPresent((unit) -> {
				this.workRegistry.get().saveThreadLocals(unit);
				attributes.put(HANDSHAKE, unit);
				AuthenticationFiller present = this.filler.get();
				if (present != null && present.isNeeded()) {
					attributes.put(FILLED, ContextFilter.filledValues(servletRequest.getServletRequest()));
				}
			});
		}
	}

	/**
	 * Begin a session's context, and run the beginning of the session in it.
	 * @param session the session
	 * @param beginning what is run
	 * @throws Exception what it throws
	 */
	void begin(WebSocketSession session, Callback beginning) throws Exception {
		WorkRegistry registry = this.workRegistry.get();
		Map<String, Object> attributes = session.getAttributes();
		Supplier<String> origin = originOf(session);
		UnitOfWork unit = (attributes.remove(HANDSHAKE) instanceof UnitOfWork request)
				? registry.capture(request, UnitOfWork.Kind.SESSION, origin).create()
				: registry.create(UnitOfWork.Kind.SESSION, origin);
		attributes.put(SESSION, unit);
		registry.awaitCompletion(unit, session, (open) -> !((WebSocketSession) open).isOpen());
		call(registry, unit, () -> {
			try {
				beginning.run();
			}
			finally {
				registry.saveThreadLocals(unit);
			}
		});
	}

	/**
	 * Run a callback of a session in a copy of the session's context.
	 * @param session the session
	 * @param callback what is run
	 * @throws Exception what it throws
	 */
	void handle(WebSocketSession session, Callback callback) throws Exception {
		UnitOfWork unit = copyOf(session.getAttributes());
		Frames outer = this.handling.get();
		Frames frames = new Frames();
		this.handling.set(frames);
		try {
			call(this.workRegistry.get(), (unit != null) ? unit : create(originOf(session)), () -> {
				frames.depth = Context.depth();
				try {
					callback.run();
				}
				finally {
					frames.close();
				}
			});
		}
		finally {
			if (outer != null) {
				this.handling.set(outer);
			}
			else {
				this.handling.remove();
			}
		}
	}

	/**
	 * Run the last callback of a session, and end its context.
	 * @param session the session
	 * @param ending what is run
	 * @throws Exception what it throws
	 */
	void end(WebSocketSession session, Callback ending) throws Exception {
		try {
			handle(session, ending);
		}
		finally {
			if (session.getAttributes().get(SESSION) instanceof UnitOfWork unit) {
				this.workRegistry.get().complete(unit);
			}
		}
	}

	/**
	 * Enter the context for a frame of a sub-protocol, before it passes a channel. A
	 * message of the session may hold several frames, and a channel that keeps the order
	 * of frames sends the next one from the thread that has handled the one before.
	 * @param attributes the attributes of the session
	 * @param connecting whether the frame belongs to the beginning of the session
	 */
	void beforeFrame(Map<String, Object> attributes, boolean connecting) {
		if (!(attributes.get(SESSION) instanceof UnitOfWork session)) {
			return;
		}
		WorkRegistry registry = this.workRegistry.get();
		Frames frames = this.handling.get();
		Opening opening = (frames != null && frames.isInnermost()) ? frames::open : this.passing::open;
		if (connecting) {
			try {
				opening.open(registry, session);
				return;
			}
			catch (IllegalStateException ex) {
				// Another thread is in it: a client that does not wait for its turn.
			}
		}
		opening.open(registry, copy(registry, session));
	}

	/**
	 * Leave the context of a frame, once it has passed the channel. If the frame came
	 * with a message of the session, what follows on this thread, such as events about
	 * the frame, goes on in its context, and after the beginning in a new copy.
	 * @param attributes the attributes of the session
	 * @param connecting whether the frame belongs to the beginning of the session
	 */
	void afterFrame(Map<String, Object> attributes, boolean connecting) {
		if (connecting && attributes.get(SESSION) instanceof UnitOfWork session && isIn(session)) {
			this.workRegistry.get().saveThreadLocals(session);
		}
		if (this.passing.close() != null) {
			return;
		}
		Frames frames = this.handling.get();
		if (connecting && frames != null && attributes.get(SESSION) instanceof UnitOfWork session) {
			WorkRegistry registry = this.workRegistry.get();
			frames.open(registry, copy(registry, session));
		}
	}

	/**
	 * Fill variables of a session's context from the user that STOMP has authenticated,
	 * while its CONNECT frame passes.
	 * @param attributes the attributes of the session
	 * @param user what has authenticated itself, if anything has
	 * @throws RuntimeException if the user's values are rejected
	 */
	void fill(Map<String, Object> attributes, @Nullable Principal user) {
		AuthenticationFiller present = this.filler.get();
		if (present == null || user == null || !present.isNeeded()) {
			return;
		}
		Assert.state(isIn(attributes.get(SESSION)),
				"The variables of a WebSocket session cannot be filled while another thread is in its context");
		present.fill(user, (attributes.remove(FILLED) instanceof FilledValues filled) ? filled : new FilledValues());
	}

	// Not a thread that handles the frame in a copy, or that has left the session.
	@SuppressWarnings("ReferenceEquality") // it is this very unit of work
	private boolean isIn(@Nullable Object session) {
		UnitOfWork passing = this.passing.current();
		Frames frames = this.handling.get();
		UnitOfWork current = (passing != null || frames == null) ? passing : frames.unit;
		return current != null && current == session;
	}

	private @Nullable UnitOfWork copyOf(Map<String, Object> attributes) {
		return (attributes.get(SESSION) instanceof UnitOfWork session) ? copy(this.workRegistry.get(), session) : null;
	}

	private static UnitOfWork copy(WorkRegistry registry, UnitOfWork session) {
		return registry.capture(session, UnitOfWork.Kind.MESSAGE, session::origin).create();
	}

	private UnitOfWork create(Supplier<String> origin) {
		return this.workRegistry.get().create(UnitOfWork.Kind.MESSAGE, origin);
	}

	private static void call(WorkRegistry registry, UnitOfWork unit, Callback callback) throws Exception {
		registry.<Boolean, Exception>call(unit, () -> {
			callback.run();
			return true;
		});
	}

	private static Supplier<String> originOf(WebSocketSession session) {
		URI uri = session.getUri();
		String path = (uri != null) ? uri.getPath() : "";
		// Path parameters may hold a session id.
		return () -> "WebSocket " + path.replaceAll(";[^/]*", "");
	}

	/**
	 * Callback of a session.
	 */
	@FunctionalInterface
	interface Callback {

		void run() throws Exception;

	}

	@FunctionalInterface
	private interface Opening {

		void open(WorkRegistry registry, UnitOfWork unit);

	}

	/**
	 * The frames of the message that a thread handles: the context of one follows that of
	 * the other.
	 */
	private static final class Frames {

		private Context.@Nullable Scope scope;

		private @Nullable UnitOfWork unit;

		private int depth;

		// If not, the application has entered a context of its own around the rest.
		boolean isInnermost() {
			return Context.depth() == this.depth + ((this.scope != null) ? 1 : 0);
		}

		void open(WorkRegistry registry, UnitOfWork unit) {
			close();
			this.scope = registry.enter(unit);
			this.unit = unit;
		}

		void close() {
			Context.Scope present = this.scope;
			if (present != null) {
				this.scope = null;
				this.unit = null;
				present.close();
			}
		}

	}

}
