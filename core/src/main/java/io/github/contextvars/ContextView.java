package io.github.contextvars;

import java.util.AbstractSet;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Function;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * Live and read-only view of a context's entries, keys or values. An iterator walks the
 * state that the context had when the iterator was created, so that one thread can
 * traverse the view while another one changes the context.
 *
 * @param <E> the type of the elements, which are a part of each entry
 */
final class ContextView<E extends @Nullable Object> extends AbstractSet<E> {

	private final Supplier<PersistentMap> state;

	private final Function<Map.Entry<ContextVar<?>, @Nullable Object>, E> part;

	// Of the spliterator: keys and entries are distinct, values need not be.
	private final int characteristics;

	ContextView(Supplier<PersistentMap> state, Function<Map.Entry<ContextVar<?>, @Nullable Object>, E> part,
			int characteristics) {
		this.state = state;
		this.part = part;
		this.characteristics = characteristics;
	}

	@Override
	public int size() {
		return this.state.get().size();
	}

	@Override
	public Iterator<E> iterator() {
		return parts().iterator();
	}

	@Override
	public Spliterator<E> spliterator() {
		return Spliterators.spliterator(parts(), this.characteristics | Spliterator.IMMUTABLE);
	}

	@Override
	public boolean containsAll(Collection<?> others) {
		return parts().containsAll(others);
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return other == this || frozen().equalsFrozen((other instanceof ContextView<?> view) ? view.frozen() : other);
	}

	@Override
	public int hashCode() {
		return super.hashCode();
	}

	private boolean equalsFrozen(@Nullable Object other) {
		return super.equals(other);
	}

	private ContextView<E> frozen() {
		PersistentMap now = this.state.get();
		return new ContextView<>(() -> now, this.part, this.characteristics);
	}

	private List<E> parts() {
		return Collections.unmodifiableList(this.state.get().entries().stream().map(this.part).toList());
	}

}
