package io.github.contextvars.spring.registry;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.work.RunningApplications;

/**
 * Policy for threads that are in no context: what happens when one sets a variable, whose
 * value would stay on the thread for the next unit of work, and when one reads a declared
 * variable, whose value was lost.
 * <p>
 * If several applications run in one JVM, the most recently started one decides. May be
 * used on any thread.
 *
 * @since 0.1.0
 * @see Context#onSetOutside
 * @see Context#onGetOutside
 */
public final class OutsideContextPolicy implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(OutsideContextPolicy.class);

	private static final StackWalker STACK = StackWalker.getInstance();

	private static final int MAX_PLACES = 100;

	private final ContextVariableRegistry variables;

	private final Mode set;

	private final Mode get;

	// By operation, variable and place. (Not by a record: the JDK would keep its class.)
	private final Map<String, Counts> counts = new ConcurrentHashMap<>();

	private final LongAdder sets = new LongAdder();

	private final LongAdder gets = new LongAdder();

	private volatile boolean watchingReads;

	private OutsideContextPolicy(ContextVariableRegistry variables, Mode set, Mode get) {
		this.variables = variables;
		this.set = set;
		this.get = get;
	}

	/**
	 * Install a policy until it is closed. Reads are allowed until {@link #watchReads()}.
	 * @param variables the declared variables
	 * @param set what happens when any variable is set outside any context
	 * @param get what happens when a declared variable is read outside any context
	 * @return the policy
	 */
	public static OutsideContextPolicy install(ContextVariableRegistry variables, Mode set, Mode get) {
		OutsideContextPolicy policy = new OutsideContextPolicy(variables, set, get);
		synchronized (OutsideContextPolicy.class) {
			RunningApplications.add(OutsideContextPolicy.class, policy);
			Context.onSetOutside(OutsideContextPolicy::onSet);
			updateReadHandler();
		}
		return policy;
	}

	/**
	 * Apply the policy to reads from now on, as the application is ready.
	 */
	public void watchReads() {
		synchronized (OutsideContextPolicy.class) {
			this.watchingReads = this.get != Mode.ALLOW;
			updateReadHandler();
		}
	}

	/**
	 * Return how many sets outside any context this policy has heard of; none if it
	 * allows them.
	 * @return the number
	 */
	public long sets() {
		return this.sets.sum();
	}

	/**
	 * Return how many reads outside any context this policy has heard of; none if it
	 * allows them.
	 * @return the number
	 */
	public long gets() {
		return this.gets.sum();
	}

	/**
	 * List what this policy has warned of or rejected, by variable and place in the code.
	 * @return a copy, of 100 places at most
	 */
	public List<Access> accesses() {
		return this.counts.values().stream().map(Counts::access).toList();
	}

	@Override
	public void close() {
		synchronized (OutsideContextPolicy.class) {
			if (RunningApplications.remove(OutsideContextPolicy.class, this)
					&& RunningApplications.youngest(OutsideContextPolicy.class) == null) {
				Context.onSetOutside(null);
			}
			updateReadHandler();
		}
	}

	// Without a handler, a read outside any context costs no more than without us.
	private static void updateReadHandler() {
		boolean watching = RunningApplications.list(OutsideContextPolicy.class)
			.stream()
			.anyMatch((policy) -> policy.watchingReads);
		Context.onGetOutside(watching ? OutsideContextPolicy::onGet : null);
	}

	private static void onSet(ContextVar<?> variable) {
		OutsideContextPolicy policy = RunningApplications.youngest(OutsideContextPolicy.class);
		if (policy != null && policy.set != Mode.ALLOW) {
			policy.sets.increment();
			policy.apply(policy.set, variable, "set",
					": the value would stay with the thread, and the next unit of work there would read it.");
		}
	}

	private static void onGet(ContextVar<?> variable) {
		for (OutsideContextPolicy policy : RunningApplications.list(OutsideContextPolicy.class)) {
			if (policy.declares(variable) && (policy.watchingReads || policy.get == Mode.ALLOW)) {
				if (policy.watchingReads) {
					policy.gets.increment();
					policy.apply(policy.get, variable, "read", ": what was set for the unit of work is not seen here.");
				}
				return;
			}
		}
	}

	private boolean declares(ContextVar<?> variable) {
		ContextVariableRegistry.Declaration declaration = this.variables.find(variable.name());
		return declaration != null && declaration.variable().equals(variable);
	}

	private void apply(Mode mode, ContextVar<?> variable, String verb, String consequence) {
		String operation = verb.equals("set") ? "set" : "get";
		String place = placeInCode();
		boolean first = count(variable.name(), place, operation);
		if (mode == Mode.REJECT || first) {
			String message = "Context variable '" + variable.name() + "' is " + verb + " by thread '"
					+ Thread.currentThread().getName() + "' outside any context, at " + place + consequence + " "
					+ remedy(operation) + " 'contextvars.outside-context." + operation
					+ "' decides what happens here: allow, warn or reject.";
			if (mode == Mode.REJECT) {
				throw new IllegalStateException(message);
			}
			logger.warn(message);
		}
	}

	private static String remedy(String operation) {
		return operation.equals("get")
				? "To see it, write " + LostContext.ofCallingThread().line() + ". Executor beans need no such line."
				: "Submit the work to an executor bean or to ContextExecutors.wrap(executor), or run it in"
						+ " new Context().run(...); register a filter after the context filter."
						+ (isTest() ? " In a test, use @WithContext of io.github.contextvars:contextvars-test." : "");
	}

	private static boolean isTest() {
		return STACK.walk((frames) -> frames.anyMatch((frame) -> frame.getClassName().startsWith("org.junit.")));
	}

	private boolean count(String variable, String place, String operation) {
		String key = operation + " " + variable + " " + place;
		Counts present = this.counts.get(key);
		boolean first = present == null && this.counts.size() < MAX_PLACES;
		if (first) {
			Counts created = new Counts(variable, place, operation);
			present = this.counts.putIfAbsent(key, created);
			first = present == null;
			present = first ? created : present;
		}
		if (present != null) {
			present.count.increment();
			present.lastThread = Thread.currentThread().getName();
		}
		return first;
	}

	// The first frame that is neither the library's nor the JDK's.
	private static String placeInCode() {
		return STACK.walk((frames) -> frames.filter((frame) -> !isOfLibrary(frame.getClassName()))
			.filter((frame) -> !frame.getClassName().startsWith("java.") && !frame.getClassName().startsWith("jdk."))
			.findFirst()
			.map((frame) -> frame.getClassName() + "." + frame.getMethodName() + "(" + frame.getFileName() + ":"
					+ frame.getLineNumber() + ")")
			.orElse("unknown"));
	}

	static boolean isOfLibrary(String className) {
		return className.equals(OutsideContextPolicy.class.getName()) || className.equals(LostContext.class.getName())
				|| className.substring(0, className.lastIndexOf('.')).equals(Context.class.getPackageName());
	}

	/**
	 * Action for an access outside any context.
	 */
	public enum Mode {

		/** The access is allowed. */
		ALLOW,

		/** The access is allowed, and logged once for each place in the code. */
		WARN,

		/** The access fails with an {@link IllegalStateException}. */
		REJECT;

		@Override
		public String toString() {
			return name().toLowerCase(Locale.ROOT);
		}

	}

	/**
	 * What a thread did outside any context.
	 *
	 * @param variable the name of the variable
	 * @param place the place in the code, such as
	 * {@code com.acme.Mail.send(Mail.java:42)}
	 * @param operation {@code set} or {@code get}
	 * @param count how often
	 * @param lastThread the name of the thread that did it last
	 */
	public record Access(String variable, String place, String operation, long count, String lastThread) {

	}

	private static final class Counts {

		private final String variable;

		private final String place;

		private final String operation;

		private final LongAdder count = new LongAdder();

		private volatile String lastThread = "";

		private Counts(String variable, String place, String operation) {
			this.variable = variable;
			this.place = place;
			this.operation = operation;
		}

		private Access access() {
			return new Access(this.variable, this.place, this.operation, this.count.sum(), this.lastThread);
		}

	}

}
