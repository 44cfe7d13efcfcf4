package io.github.contextvars.spring.registry;

import java.util.List;

/**
 * Way in which work came to a thread that is in no context, and the line that would have
 * brought the values of the work that handed it over. Found by the frames that are below
 * the code that reads.
 */
enum LostContext {

	/** A stage of a future that the JDK runs where the future completes. */
	STAGE("ContextFuture.from(future).thenApply(function)"),

	/** An element of a parallel stream. */
	PARALLEL_STREAM("stream.map(Context.copyOfCurrent().wrapFunction(function))"),

	/** A task of the common pool. */
	COMMON_POOL("CompletableFuture.supplyAsync(Context.copyOfCurrent().wrapSupplier(supplier))"),

	/** A task of a timer. */
	TIMER("timer.schedule(new TimerTask() { final Runnable task = Context.copyOfCurrent().wrap(body);"
			+ " public void run() { task.run(); } }, delay)"),

	/** A task of a scheduler that is no bean. */
	SCHEDULER("scheduler.schedule(Context.copyOfCurrent().wrap(task), delay, unit)"),

	/** A task of an executor that is no bean. */
	EXECUTOR("ContextExecutors.wrap(executor).execute(task), or make the executor a bean"),

	/** Code that a web server calls before the library's filter. */
	SERVER("FilterRegistrationBean.setOrder(Ordered.HIGHEST_PRECEDENCE + 1) for the filter that reads it"),

	/** A callback that a library calls on a thread of its own. */
	CALLBACK("client.onResponse(Context.copyOfCurrent().wrapConsumer(callback)), where the callback is registered"),

	/** The task of a thread. */
	THREAD("new Thread(Context.copyOfCurrent().wrap(task)).start()"),

	/** A thread that was not started for a task. */
	OTHER("new Context().run(() -> ...) around the work that begins here");

	private static final StackWalker STACK = StackWalker.getInstance();

	private final String line;

	LostContext(String line) {
		this.line = line;
	}

	/**
	 * Return the line to write.
	 * @return a line of Java, or what it has to be around
	 */
	String line() {
		return this.line;
	}

	/**
	 * Find out how the calling thread came to what it runs.
	 * @return the way, by the frames of the JDK and of known servers
	 */
	static LostContext ofCallingThread() {
		List<String> frames = STACK.walk((all) -> all.map(StackWalker.StackFrame::getClassName).toList());
		boolean forkJoin = contains(frames, "java.util.concurrent.ForkJoin");
		boolean commonPool = forkJoin && Thread.currentThread().getName().startsWith("ForkJoinPool.commonPool");
		boolean executor = contains(frames, "java.util.concurrent.ThreadPoolExecutor$Worker")
				|| contains(frames, "java.util.concurrent.ThreadPerTaskExecutor") || (forkJoin && !commonPool);
		if (contains(frames, "java.util.concurrent.CompletableFuture$Async")) {
			// Where the common pool has one thread only, each task has a thread.
			return executor ? EXECUTOR : COMMON_POOL;
		}
		if (contains(frames, "java.util.concurrent.CompletableFuture")) {
			return STAGE;
		}
		if (contains(frames, "java.util.concurrent.SubmissionPublisher")) {
			return CALLBACK;
		}
		if (forkJoin && contains(frames, "java.util.stream.")) {
			return PARALLEL_STREAM;
		}
		if (commonPool) {
			return COMMON_POOL;
		}
		if (contains(frames, "java.util.TimerThread")) {
			return TIMER;
		}
		if (contains(frames, "java.util.concurrent.ScheduledThreadPoolExecutor$")) {
			return SCHEDULER;
		}
		if (contains(frames, "org.apache.catalina.") || contains(frames, "org.eclipse.jetty.server.")) {
			return SERVER;
		}
		String started = startedFor(frames);
		boolean spring = started.startsWith("org.springframework.");
		if (!spring && frames.get(frames.size() - 1).startsWith("java.lang.")
				&& !organization(started).equals(organization(reader(frames)))) {
			return CALLBACK;
		}
		if (spring || executor) {
			return EXECUTOR;
		}
		String first = frames.get(frames.size() - 1);
		return (first.equals("java.lang.Thread") || first.equals("java.lang.VirtualThread")
				|| first.equals(Thread.currentThread().getClass().getName())) ? THREAD : OTHER;
	}

	private static boolean contains(List<String> frames, String prefix) {
		return frames.stream().anyMatch((frame) -> frame.startsWith(prefix));
	}

	private static String reader(List<String> frames) {
		return frames.stream()
			.filter((frame) -> !isOfJdk(frame) && !OutsideContextPolicy.isOfLibrary(frame))
			.findFirst()
			.orElse("");
	}

	private static String startedFor(List<String> frames) {
		String bottom = "";
		for (String frame : frames) {
			bottom = isOfJdk(frame) ? bottom : frame;
		}
		return bottom;
	}

	private static boolean isOfJdk(String className) {
		return className.startsWith("java.") || className.startsWith("jdk.") || className.startsWith("sun.");
	}

	// The first two parts of a package's name.
	private static String organization(String className) {
		String[] parts = className.split("\\.", 3);
		return (parts.length > 2) ? parts[0] + "." + parts[1] : parts[0];
	}

}
