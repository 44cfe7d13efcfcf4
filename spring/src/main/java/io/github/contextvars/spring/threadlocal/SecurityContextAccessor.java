package io.github.contextvars.spring.threadlocal;

import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.core.context.SecurityContextHolderStrategy;

/**
 * Accessor of {@link SecurityContextHolder}. Each run of a task gets a
 * {@link SecurityContext} of its own with the {@link Authentication} that its submitter
 * had at the hand-over, so that neither changes the other's user.
 * <p>
 * A context that Spring Security loads when it is first asked for is not loaded by a
 * hand-over, but when the submitter or the task asks, or when the submitter's unit of
 * work ends, because a request cannot be asked for its session afterwards.
 *
 * @see org.springframework.security.core.context.SecurityContextHolderThreadLocalAccessor
 */
final class SecurityContextAccessor implements SavingAccessor<SecurityContextAccessor.Captured> {

	// The only one that is no ThreadLocal. Its class is hidden.
	private static final String GLOBAL = "org.springframework.security.core.context.GlobalSecurityContextHolderStrategy";

	private static final ThreadLocal<@Nullable Installed> INSTALLED = new ThreadLocal<>();

	@Override
	public Object key() {
		return SecurityContext.class.getName();
	}

	@Override
	public @Nullable Captured getValue() {
		Captured value = save();
		return (value != null) ? new Captured(value.source, value.source.user(), value.outermost) : null;
	}

	@Override
	public @Nullable Captured save() {
		SecurityContextHolderStrategy strategy = SecurityContextHolder.getContextHolderStrategy();
		if (isGlobal(strategy)) {
			return null;
		}
		Supplier<SecurityContext> present = strategy.getDeferredContext();
		Installed installed = INSTALLED.get();
		if (installed == null) {
			// get() has left an entry for the null that it returned. Outside any unit of
			// work there is no end at which the context would be loaded.
			INSTALLED.remove();
			Source source = new Source(present);
			source.get();
			return new Captured(source, null, true);
		}
		Source source = installed.source;
		if (source == null || installed.supplier != present) {
			endOfSource();
			source = install(strategy, new Source(present));
		}
		return new Captured(source, null, false);
	}

	@Override
	public void setValue(Captured value) {
		install(SecurityContextHolder.getContextHolderStrategy(),
				new OwnSource((value.user != null) ? value.user : value.source.user()));
	}

	@Override
	public void setValue() {
		SecurityContextHolderStrategy strategy = SecurityContextHolder.getContextHolderStrategy();
		if (!isGlobal(strategy)) {
			strategy.clearContext();
			INSTALLED.set(Installed.NOTHING);
		}
	}

	@Override
	public void restore(Captured previous) {
		endOfSource();
		install(SecurityContextHolder.getContextHolderStrategy(), previous.source);
		if (previous.outermost) {
			INSTALLED.remove();
		}
	}

	private static boolean isGlobal(SecurityContextHolderStrategy strategy) {
		return strategy.getClass().getName().equals(GLOBAL);
	}

	private static Source install(SecurityContextHolderStrategy strategy, Source source) {
		SecurityContext loaded = source.context;
		if (loaded != null) {
			strategy.setContext(loaded);
		}
		else {
			strategy.setDeferredContext(source);
		}
		// The strategy wraps what it is given. Each hand-over would wrap that once more.
		INSTALLED.set(new Installed(strategy.getDeferredContext(), source));
		return source;
	}

	// Called where a source is replaced for good: not when an inner unit of work begins.
	private static void endOfSource() {
		Installed installed = INSTALLED.get();
		if (installed != null && installed.source != null) {
			installed.source.end();
		}
	}

	/**
	 * What a thread had when it was asked.
	 */
	static final class Captured {

		private final Source source;

		// Null if it is for the same thread only.
		private final @Nullable Supplier<@Nullable Authentication> user;

		private final boolean outermost;

		private Captured(Source source, @Nullable Supplier<@Nullable Authentication> user, boolean outermost) {
			this.source = source;
			this.user = user;
			this.outermost = outermost;
		}

	}

	/**
	 * What this accessor has given the calling thread's holder, and what that has made of
	 * it.
	 */
	private static final class Installed {

		private static final Installed NOTHING = new Installed(null, null);

		private final @Nullable Supplier<SecurityContext> supplier;

		private final @Nullable Source source;

		private Installed(@Nullable Supplier<SecurityContext> supplier, @Nullable Source source) {
			this.supplier = supplier;
			this.source = source;
		}

	}

	/**
	 * Context that is loaded when it is first asked for, by any thread. It remembers the
	 * authentication of that moment, before it can be replaced.
	 */
	private static class Source implements Supplier<SecurityContext> {

		private Supplier<SecurityContext> deferred;

		private @Nullable Authentication initial;

		private volatile @Nullable SecurityContext context;

		private volatile boolean captured;

		Source(Supplier<SecurityContext> deferred) {
			this.deferred = deferred;
		}

		@Override
		public final SecurityContext get() {
			SecurityContext present = this.context;
			return (present != null) ? present : load();
		}

		private synchronized SecurityContext load() {
			SecurityContext present = this.context;
			if (present == null) {
				present = this.deferred.get();
				this.initial = present.getAuthentication();
				this.context = present;
			}
			return present;
		}

		// Return what supplies the authentication of this moment.
		Supplier<@Nullable Authentication> user() {
			SecurityContext present = this.context;
			if (present != null) {
				Authentication authentication = present.getAuthentication();
				return () -> authentication;
			}
			this.captured = true;
			return () -> {
				get();
				return this.initial;
			};
		}

		// Load a context that another thread may still ask for, as it cannot be loaded
		// later.
		private void end() {
			if (this.captured && this.context == null) {
				try {
					load();
				}
				catch (Throwable ex) {
					fail(ex);
				}
			}
		}

		private synchronized void fail(Throwable cause) {
			this.deferred = () -> {
				throw new IllegalStateException("The SecurityContext of the work that has handed this over"
						+ " could not be loaded before that had ended", cause);
			};
		}

	}

	/**
	 * Context of one run of a task.
	 */
	private static final class OwnSource extends Source {

		private final Supplier<@Nullable Authentication> user;

		OwnSource(Supplier<@Nullable Authentication> user) {
			super(() -> {
				SecurityContext context = SecurityContextHolder.createEmptyContext();
				context.setAuthentication(user.get());
				return context;
			});
			this.user = user;
		}

		// A task that hands over a task, and so on, is no chain.
		@Override
		Supplier<@Nullable Authentication> user() {
			return (super.context != null) ? super.user() : this.user;
		}

	}

}
