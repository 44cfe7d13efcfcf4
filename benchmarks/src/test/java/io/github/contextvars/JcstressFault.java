package io.github.contextvars;

import io.github.contextvars.testsupport.SeededFault;

/**
 * Faults of the core, each with the jcstress test that must detect it. In the core's
 * package, to name its package-private classes.
 */
public enum JcstressFault {

	CHECK_THEN_ACT(Context.class, "Thread holder = (Thread) ENTERED_BY.compareAndExchange(this, null, thread);", """
			Thread holder = this.enteredBy;
			if (holder == null) {
				Thread.yield();
				this.enteredBy = thread;
			}""", "EnterTests.Race"),

	TOKEN_IS_NOT_USED_UP(Token.class, "home.setState(state);\n\t\tthis.context = null;", "home.setState(state);",
			"EnterTests.Reset"),

	SCOPE_CLOSES_ON_ANY_THREAD(EnteredScope.class, "if (closer != this.thread) {", "if (closer == null) {",
			"EnterTests.Close"),

	MAP_CHANGES_IN_PLACE(PersistentMap.class, "node.clone()", "node", "SnapshotTests.CopyWide"),

	ITERATOR_WALKS_LIVE_STATE(ContextView.class, "return parts().iterator();", """
			return new java.util.AbstractList<E>() {
				public E get(int index) {
					return parts().get(index);
				}
				public int size() {
					return parts().size();
				}
			}.iterator();""", "SnapshotTests.IterateWide"),

	EQUALS_READS_LIVE_STATE(Context.class,
			"return sameEntries(state(), (map instanceof Context context) ? context.copy() : map);", """
					for (Map.Entry<?, ?> entry : map.entrySet()) {
						if (!Objects.equals(get(entry.getKey()), entry.getValue())) {
							return false;
						}
					}
					return map.size() == size();""", "SnapshotTests.Equals"),

	MAP_MISCOUNTS(PersistentMap.class, "changed, map.size - 1)", "changed, map.size)", "SetResetTests.Wide");

	private final Class<?> place;

	private final String text;

	private final String replacement;

	private final String detector;

	JcstressFault(Class<?> place, String text, String replacement, String detector) {
		this.place = place;
		this.text = text;
		this.replacement = replacement;
		this.detector = detector;
	}

	/**
	 * Seed this fault.
	 * @return the library with the fault
	 */
	public SeededFault seed() {
		return SeededFault.in(this.place, this.text, this.replacement);
	}

	/**
	 * Return the test that must detect this fault.
	 * @return the regular expression that jcstress selects it by
	 */
	public String detector() {
		return this.detector;
	}

}
