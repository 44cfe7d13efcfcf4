package io.github.contextvars.spring.threadlocal;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.SmartInitializingSingleton;

import io.github.contextvars.Context;
import io.github.contextvars.spring.registry.InvalidDeclarationException;
import io.github.contextvars.spring.work.RunningApplications;
import io.github.contextvars.spring.work.ThreadLocalPropagation;
import io.github.contextvars.spring.work.UnitOfWork;

/**
 * {@link ThreadLocalPropagation} through the {@link ThreadLocalAccessor}s of Micrometer's
 * {@link ContextRegistry}. Unlike Micrometer's own snapshot, it goes on with the others
 * if an accessor throws, and knows what a framework has set for the work that begins.
 */
final class AccessorPropagation implements ThreadLocalPropagation, SmartInitializingSingleton, DisposableBean {

	private static final Log logger = LogFactory.getLog(AccessorPropagation.class);

	private static final String ALL = "*";

	private static final Object UNREADABLE = new Object();

	private static final Context.Scope NOTHING = () -> {
	};

	private final ContextRegistry registry = ContextRegistry.getInstance();

	private final Set<String> names;

	private final Set<KnownThreadLocal> known = EnumSet.noneOf(KnownThreadLocal.class);

	// The keys of accessors, as text.
	private final Set<String> keys = new TreeSet<>();

	private final Set<String> reported = ConcurrentHashMap.newKeySet();

	private volatile Accessors accessors = new Accessors(List.of(), List.of());

	/**
	 * Create a propagation, and register the accessors that it brings.
	 * @param names short names, keys of accessors, or {@code *}
	 * @throws InvalidDeclarationException if a name stands for a library that is absent
	 */
	AccessorPropagation(Collection<String> names) {
		this.names = new TreeSet<>(names);
		for (String name : this.names) {
			KnownThreadLocal named = KnownThreadLocal.find(name);
			if (named != null && !named.isPresent()) {
				throw new InvalidDeclarationException(
						"'contextvars.thread-locals' names '" + name + "', which is not on the class path",
						"Add " + named.library() + ", or remove '" + name + "'.");
			}
		}
		for (KnownThreadLocal candidate : KnownThreadLocal.values()) {
			if (candidate.isPresent() && isNamed(candidate)) {
				this.known.add(candidate);
				this.keys.add(RegisteredAccessors.register(candidate).toString());
			}
		}
		this.names.stream().filter((name) -> KnownThreadLocal.find(name) == null).forEach(this.keys::add);
		synchronized (AccessorPropagation.class) {
			RunningApplications.add(AccessorPropagation.class, this);
			Context.onHandOver(AccessorPropagation::captureForCore);
		}
	}

	// What the core hands over itself is no application's: the youngest one decides.
	private static Supplier<Context.Scope> captureForCore() {
		AccessorPropagation youngest = RunningApplications.youngest(AccessorPropagation.class);
		if (youngest == null) {
			return () -> NOTHING;
		}
		Object captured = youngest.capture();
		return () -> youngest.open(captured, UnitOfWork.Kind.TASK)::close;
	}

	private boolean isNamed(KnownThreadLocal candidate) {
		return this.names.contains(ALL) || this.names.stream()
			.anyMatch((name) -> KnownThreadLocal.find(name) == candidate || name.equals(candidate.key()));
	}

	/**
	 * Validate the names, as the application may register accessors while it starts.
	 * @throws InvalidDeclarationException if there is no accessor of a name
	 */
	@Override
	public void afterSingletonsInstantiated() {
		Set<String> registered = new TreeSet<>();
		this.registry.getThreadLocalAccessors().forEach((accessor) -> registered.add(accessor.key().toString()));
		registered.remove(ContextThreadLocalAccessor.KEY);
		for (String name : this.names) {
			if (name.equals(ContextThreadLocalAccessor.KEY)) {
				throw new InvalidDeclarationException(
						"'contextvars.thread-locals' names '" + name + "', the accessor of this library",
						"Remove it: context variables propagate anyway.");
			}
			if (!name.equals(ALL) && KnownThreadLocal.find(name) == null && !registered.contains(name)) {
				throw new InvalidDeclarationException(
						"'contextvars.thread-locals' names '" + name + "', which is no key of a ThreadLocalAccessor",
						"Use " + KnownThreadLocal.names() + ", *, or the key of an accessor that is registered with"
								+ " Micrometer's ContextRegistry: " + String.join(", ", registered) + ".");
			}
		}
	}

	@Override
	public void destroy() {
		synchronized (AccessorPropagation.class) {
			if (RunningApplications.remove(AccessorPropagation.class, this)
					&& RunningApplications.youngest(AccessorPropagation.class) == null) {
				Context.onHandOver(null);
			}
		}
		this.known.forEach(RegisteredAccessors::deregister);
		this.known.clear();
	}

	@Override
	public Object capture() {
		ThreadLocalAccessor<?>[] present = accessors();
		@Nullable Object[] values = new Object[present.length];
		for (int i = 0; i < present.length; i++) {
			values[i] = read(present[i], false);
		}
		return new Captured(present, values);
	}

	@Override
	public Scope open(@Nullable Object state, UnitOfWork.@Nullable Kind kind) {
		Captured values = (state instanceof Captured captured) ? captured : null;
		ThreadLocalAccessor<?>[] present = (values != null) ? values.accessors : accessors();
		boolean prepared = kind == UnitOfWork.Kind.REQUEST && FrameworkState.isRequestPrepared();
		@Nullable Object[] previous = new Object[present.length];
		for (int i = 0; i < present.length; i++) {
			previous[i] = read(present[i], true);
		}
		for (int i = 0; i < present.length; i++) {
			boolean keep = (prepared && FrameworkState.isOfRequest(present[i]))
					|| (kind == UnitOfWork.Kind.MESSAGE && FrameworkState.isOfMessage(previous[i]));
			Object value = (values != null) ? values.values[i] : null;
			write(present[i], keep ? previous[i] : value, false);
		}
		return () -> {
			for (int i = present.length - 1; i >= 0; i--) {
				write(present[i], previous[i], true);
			}
		};
	}

	// The accessors are compared each time: an application may register one at any time.
	private ThreadLocalAccessor<?>[] accessors() {
		List<ThreadLocalAccessor<?>> registered = this.registry.getThreadLocalAccessors();
		Accessors present = this.accessors;
		if (!present.isOf(registered)) {
			present = select(List.copyOf(registered));
			this.accessors = present;
		}
		return present.selected;
	}

	private Accessors select(List<ThreadLocalAccessor<?>> registered) {
		List<ThreadLocalAccessor<?>> selected = new ArrayList<>();
		for (ThreadLocalAccessor<?> accessor : registered) {
			String key = accessor.key().toString();
			if (!key.equals(ContextThreadLocalAccessor.KEY) && (this.names.contains(ALL) || this.keys.contains(key))) {
				selected.add(accessor);
			}
		}
		// Tracing writes into the MDC when the scope of an observation is opened.
		selected.sort(Comparator.comparing(FrameworkState::isObservation));
		return new Accessors(registered, selected);
	}

	private @Nullable Object read(ThreadLocalAccessor<?> accessor, boolean toRestore) {
		try {
			return (toRestore && accessor instanceof SavingAccessor<?> saving) ? saving.save() : accessor.getValue();
		}
		catch (Throwable ex) {
			report(accessor, ex);
			return UNREADABLE;
		}
	}

	private void write(ThreadLocalAccessor<?> accessor, @Nullable Object value, boolean restore) {
		try {
			set(accessor, (value != UNREADABLE) ? value : null, restore);
		}
		catch (Throwable ex) {
			report(accessor, ex);
			try {
				accessor.setValue();
			}
			catch (Throwable again) {
				// It was reported that this accessor fails.
			}
		}
	}

	@SuppressWarnings("unchecked") // what the accessor itself has returned
	private static <V> void set(ThreadLocalAccessor<V> accessor, @Nullable Object value, boolean restore) {
		if (value == null) {
			if (restore) {
				accessor.restore();
			}
			else {
				accessor.setValue();
			}
		}
		else if (restore) {
			accessor.restore((V) value);
		}
		else {
			accessor.setValue((V) value);
		}
	}

	private void report(ThreadLocalAccessor<?> accessor, Throwable failure) {
		try {
			if (this.reported.add(accessor.getClass().getName())) {
				logger.warn("The ThreadLocalAccessor '" + accessor.getClass().getName()
						+ "' has failed: its value did not propagate. All others did. Correct it, or remove its key from"
						+ " 'contextvars.thread-locals'. Later failures are not logged.", failure);
			}
		}
		catch (Throwable ex) {
			// Neither the work nor other values depend on the log.
		}
	}

	private static final class Captured {

		private final ThreadLocalAccessor<?>[] accessors;

		private final @Nullable Object[] values;

		private Captured(ThreadLocalAccessor<?>[] accessors, @Nullable Object[] values) {
			this.accessors = accessors;
			this.values = values;
		}

	}

	private static final class Accessors {

		private final List<ThreadLocalAccessor<?>> registered;

		private final ThreadLocalAccessor<?>[] selected;

		private Accessors(List<ThreadLocalAccessor<?>> registered, List<ThreadLocalAccessor<?>> selected) {
			this.registered = registered;
			this.selected = selected.toArray(new ThreadLocalAccessor<?>[0]);
		}

		@SuppressWarnings("ReferenceEquality") // one may replace its equal
		private boolean isOf(List<ThreadLocalAccessor<?>> present) {
			int size = this.registered.size();
			if (present.size() != size) {
				return false;
			}
			try {
				for (int i = 0; i < size; i++) {
					if (present.get(i) != this.registered.get(i)) {
						return false;
					}
				}
				return true;
			}
			catch (IndexOutOfBoundsException ex) {
				return false; // one was removed meanwhile
			}
		}

	}

}
