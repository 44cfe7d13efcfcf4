package io.github.contextvars;

import java.util.List;

import io.github.contextvars.testsupport.SeededFault;

/**
 * Faults of the core: a text of the source each, its replacement, and the tests that must
 * detect the fault. A fault without tests is seeded by {@link ExhaustionTests} or
 * {@link AllocationTests}.
 */
enum CoreFault {

	NO_FINALLY(ThreadStack.class, "finally {\n\t\t\tContext top", """
			catch (RuntimeException ex) {
				context = new Context();
				throw ex;
			}
			finally {
				Context top""", by(ContextTests.Run.class, "runWhenBodyThrowsRestoresOuterContextAndThrowsTheSame")),

	RUN_RESTORES_THE_BASE(ThreadStack.class, "stack.current = outer;", "stack.current = stack.base;",
			by(ContextTests.Run.class, "runWhenNestedReplacesEachOuterContext")),

	CLOSE_RESTORES_THE_BASE(ThreadStack.class, "this.current = scope.below;", "this.current = this.base;",
			by(ContextScopeTests.Enter.class, "enterWhenManyAreOpenClosesInOrder")),

	LEAVING_CALLS_A_METHOD(ThreadStack.class, "stack.current = outer;", """
			new Object() {
				void leave(int calls) {
					if (calls > 0) {
						leave(calls - 1);
					}
					else {
						stack.current = outer;
					}
				}
			}.leave(500);"""),

	ERRORS_STAY_IN_THE_CONTEXT(ThreadStack.class, "finally {\n\t\t\tContext top", """
			catch (Error ex) {
				context = null;
				throw ex;
			}
			finally {
				Context top""", by(ExhaustionTests.Memory.class, "runWhenBodyRunsOutOfMemoryRestoresOuterContext")),

	CLOSE_DOES_NOTHING(EnteredScope.class, "stack.leave(this, context);", "",
			by(ExhaustionTests.Memory.class, "enterWhenBodyRunsOutOfMemoryRestoresOuterContext")),

	CONTEXT_IS_CURRENT_BEFORE_ITS_SCOPE_IS_MADE(ThreadStack.class,
			"scope = new EnteredScope(stack, stack.current, context);", """
					Context below = stack.current;
					stack.current = context;
					scope = new EnteredScope(stack, below, context);"""),

	VALUE_IS_SET_BEFORE_ITS_TOKEN_IS_MADE(ContextVar.class,
			"Token<T> token = new Token<>(this, context, before, after);\n\t\tcontext.setState(after);", """
					context.setState(after);
					Token<T> token = new Token<>(this, context, before, after);"""),

	ENTERED_CONTEXT_IS_ENTERED_AGAIN(ThreadStack.class, "if (shared) {\n\t\t\tstack.acquire",
			"if (stack == null) {\nstack.acquire",
			by(ContextTests.Run.class, "runWhenEnteredByAnotherThreadThrowsAtOnceAndWorksAfterwards")),

	LOADING_STAYS_IN_A_CONTEXT(ThreadStack.class, "enter(new Context()).close();", "enter(new Context());",
			by(ThreadStackTests.Loading.class, "getWhenLibraryIsNotLoadedYetLeavesNothing")),

	STACK_OF_ANOTHER_THREAD(ThreadTable.class, "stack != null && stack.thread == thread", "stack != null",
			by(ThreadTableTests.Sharing.class, "getWhenThreadsAreInContextsAtOnceReturnsTheirOwnValues")),

	NOTHING_GOES_ALONG(HandOver.class, "(present != null) ? present.get() : null", "null",
			by(HandOverTests.class, "handlerIsAskedAtEachHandOverAndItsScopeSurroundsEachRun")),

	WHAT_GOES_ALONG_STAYS(HandOver.class, "try (Context.Scope scope = opening.get()) {\n\t\t\t\ttask.run();\n\t\t\t}",
			"opening.get();\ntask.run();",
			by(HandOverTests.class, "handlerIsAskedAtEachHandOverAndItsScopeSurroundsEachRun")),

	FUTURE_CAPTURES_NOTHING(HandOver.class, "new HandOver(Context.copyOfCurrent(),", "new HandOver(new Context(),",
			by(ContextFutureTests.Model.class, "randomRegistrationsMatchTheModel")),

	FUTURE_CAPTURES_WHEN_ITS_STAGE_RUNS(ContextFuture.class, "super.thenRun(captured().wrap(task))",
			"super.thenRun(() -> captured().wrap(task).run())",
			by(ContextFutureTests.Stages.class, "functionWhenAnotherThreadCompletesSeesRegistrarsValues")),

	DEPENDENTS_ARE_PLAIN(ContextFuture.class,
			"return new ContextFuture<>();\n\t}\n\n\t@Override\n\tpublic ContextFuture<T> copy",
			"return new CompletableFuture<>();\n\t}\n\n\t@Override\n\tpublic ContextFuture<T> copy",
			by(ContextFutureTests.Model.class, "randomRegistrationsMatchTheModel")),

	FROM_CAPTURES(ContextFuture.class, "super.whenComplete(target::settle);", "whenComplete(target::settle);",
			by(ContextFutureTests.Retention.class, "fromKeepsNoValue")),

	GET_OUTSIDE_IS_CALLED_INSIDE(ContextVar.class,
			"Context context = ThreadStack.current();\n\t\tif (context == null) {", """
					Context context = ThreadStack.current();
					OutsideHandlers.beforeGet(this);
					if (context == null) {""",
			by(OutsideHandlersTests.OnGetOutside.class, "getWhenInsideAContextDoesNotCallHandler")),

	OUTSIDE_HANDLERS_RUN_OUTSIDE(OutsideHandlers.class, "new Context().run(() -> handler.accept(var));",
			"handler.accept(var);",
			by(OutsideHandlersTests.OnGetOutside.class,
					"getWhenHandlerReadsAndSetsVariablesDoesNotCallItAgainAndDiscardsThem"),
			by(OutsideHandlersTests.OnSetOutside.class,
					"setWhenHandlerSetsVariablesDoesNotCallItAgainAndDiscardsThem")),

	OUTSIDE_HANDLER_IS_READ_TWICE(OutsideHandlers.class, "call(getHandler, var);", """
			if (getHandler != null) {
				Thread.yield();
				new Context().run(() -> getHandler.accept(var));
			}""", by(OutsideHandlersTests.OnGetOutside.class, "getWhenHandlersAreReplacedAtTheSameTimeCallsOneOrNone")),

	SET_OUTSIDE_IS_CALLED_AFTERWARDS(ThreadStack.class,
			"OutsideHandlers.beforeSet(var);\n\t\tContext base = new Context();"
					+ "\n\t\tThreadStack stack = ThreadTable.add();\n\t\tstack.base = base;",
			"""
					Context base = new Context();
					ThreadStack stack = ThreadTable.add();
					stack.base = base;
					OutsideHandlers.beforeSet(var);""",
			by(OutsideHandlersTests.OnSetOutside.class, "setWhenHandlerThrowsThrowsTheSameAndSetsNothing")),

	DEPTH_COUNTS_THE_BASE_CONTEXT(ThreadStack.class, "context != null && context != stack.base;", "context != null;",
			by(ContextTests.Depth.class, "depthWhenThreadHasABaseContextDoesNotCountIt")),

	CONTEXT_STAYS_ENTERED(ThreadStack.class, "context.release();", "", byModel()),

	EMPTY_STACK_STAYS_IN_ITS_THREAD(ThreadTable.class, "if (!keep) {", "if (SIZE < 0) {",
			by(ThreadStackTests.Clean.class, "runLeavesNothing")),

	INNER_SCOPES_ARE_NOT_HEALED(ThreadStack.class, "this.leaked = top;", "",
			by(ContextScopeTests.Heal.class, "closeWhenInnerScopesAreOpenLeavesAndReportsEach")),

	HEALING_DROPS_WHAT_IT_HAS_TO_HEAL(ThreadStack.class, "leaks.add(new Leak(",
			"this.leaked = null;\nleaks.add(new Leak("),

	OUTER_CONTEXT_HEALS_ITS_OWN_ONLY(ThreadStack.class,
			"if (outer == stack.base || lowest != null) {\n\t\t\t\t\tstack.cleanUp();", """
					if (outer == stack.base && lowest == null) {
						stack.removeIfIdle();
					}
					else if (lowest != null) {
						stack.cleanUp();"""),

	LEAKED_SCOPE_KEEPS_ITS_CONTEXT_ENTERED(ThreadStack.class, "context.enteredBy = null;\n\t\t\tif (scope != null) {",
			"if (scope != null) {", byModel()),

	LEFT_CONTEXT_KEEPS_THE_OUTER_ONE(ThreadStack.class, "context.frame = null;\n\t\t\t\tif (lowest", "if (lowest",
			by(RetentionTests.Collected.class, "outerContextWhenInnerOneIsHeldIsCollected")),

	CLOSED_SCOPE_KEEPS_THE_OUTER_CONTEXT(EnteredScope.class, "this.below = null;", "",
			by(RetentionTests.Collected.class, "contextsWhenScopesAreClosedAreCollected")),

	SCOPE_CLOSES_ON_ANY_THREAD(EnteredScope.class, "if (closer != this.thread) {", "if (closer == null) {",
			by(ContextScopeTests.Close.class, "closeWhenByAnotherThreadThrowsAndChangesNothing")),

	CHECK_THEN_ACT(Context.class, "Thread holder = (Thread) ENTERED_BY.compareAndExchange(this, null, thread);", """
			Thread holder = this.enteredBy;
			if (holder == null) {
				Thread.yield();
				this.enteredBy = thread;
			}""", by(ConcurrencyTests.Entering.class, "enterWhenThreadsEnterAndLeaveIsWonByOneAtATime")),

	COPY_IS_THE_SAME_CONTEXT(Context.class, "return new Context(state());", "return this;",
			by(ContextTests.Copy.class, "copyIsIndependentBothWays")),

	COPY_OF_CURRENT_IS_THE_CURRENT_CONTEXT(Context.class, "(current != null) ? current.copy()",
			"(current != null) ? current", byModel()),

	MAP_CHANGES_IN_PLACE(PersistentMap.class, "node.clone()", "node",
			by(ConcurrencyTests.Reading.class, "readWhenAnotherThreadSetsSeesConsistentStatesOnly")),

	MAP_MISCOUNTS(PersistentMap.class, "changed, map.size - 1)", "changed, map.size)", byModel()),

	TREE_IS_COPIED_BY_EACH_SET(PersistentMap.class, "return (value != null) ? map : map.flushed();",
			"return map.flushed();"),

	LEAVES_ARE_FULL(PersistentMap.class, "(shift == 0) ? 1 : WIDTH", "WIDTH"),

	RESET_TO_MISSING_IS_LOST(Token.class, ": state.without(this.var);", ": state;", byModel()),

	RESET_TAKES_BACK_LATER_SETS(Token.class, "if (state == this.after) {", "if (state != null) {", byModel()),

	NULL_IS_NO_VALUE(PersistentMap.class, "leaf[place] == var) ?", "leaf[place] == var && leaf[place + 1] != null) ?",
			byModel()),

	TOKEN_IS_NOT_USED_UP(Token.class, "home.setState(state);\n\t\tthis.context = null;", "home.setState(state);",
			by(ContextVarTests.Reset.class, "resetWhenTokenWasUsedThrows")),

	TOKEN_WORKS_IN_ANY_CONTEXT(Token.class, "if (home != ThreadStack.current()) {", "if (home == null) {",
			by(ContextVarTests.Reset.class, "resetWhenTokenIsOfAnEqualContextThrowsAndKeepsTheToken")),

	ITERATOR_WALKS_LIVE_STATE(ContextView.class, "return parts().iterator();", """
			return new java.util.AbstractList<E>() {
				public E get(int index) {
					return parts().get(index);
				}
				public int size() {
					return parts().size();
				}
			}.iterator();""", by(ContextTests.Views.class, "viewsAreLiveAndEachIterationIsASnapshot")),

	WRAPPER_REUSES_ONE_COPY(Context.class, "return () -> runAlone(values, task);",
			"Context once = new Context(values);\nreturn () -> once.run(task);",
			by(ContextWrapTests.Values.class, "wrapRunsInAFreshCopyEachTime")),

	WRAPPER_CAPTURES_AT_RUN(Context.class, "return () -> runAlone(values, task);", "return () -> copy().run(task);",
			by(ContextWrapTests.Values.class, "wrapWhenContextChangesLaterKeepsTheValues")),

	EXECUTOR_CAPTURES_AT_RUN(PropagationPolicy.class, "return HandOver.capture().wrap(task);",
			"return () -> Context.copyOfCurrent().run(task);",
			by(ContextExecutorsTests.WrapExecutor.class, "executeRunsInACopyOfTheSubmittersContext")),

	EXECUTOR_KEEPS_WHAT_IT_CAPTURED(PropagationPolicy.class, "return HandOver.capture().wrap(task);\n\t\t}", """
				captured = Context.copyOfCurrent();
				return captured.wrap(task);
			}

			private static Context captured;
			""", by(RetentionTests.Collected.class, "valuesWhenPoolHasRunTheTaskAreCollected"),
			by(RetentionTests.Collected.class, "valuesWhenQueuedTaskIsCancelledAreCollected"),
			by(RetentionTests.Collected.class, "valuesWhenTaskIsRejectedAreCollected")),

	WITHIN_RUNS_IN_A_COPY(PropagationPolicy.class, "return () -> this.context.run(task);",
			"return () -> this.context.copy().run(task);", byModel()),

	PERIODIC_RUNS_SHARE_ONE_COPY(ContextPropagatingScheduledExecutorService.class,
			"return this.delegate.scheduleAtFixedRate(this.policy.wrap(requireTask(task)), initialDelay", """
					Context one = Context.copyOfCurrent();
					return this.delegate.scheduleAtFixedRate(() -> one.run(task), initialDelay""",
			by(ContextExecutorsTests.WrapScheduled.class, "scheduleAtFixedRateRunsInAFreshCopyEachTime")),

	THREAD_CAPTURES_WHEN_IT_STARTS(ContextExecutors.class, "newThread(HandOver.capture().wrap(task))",
			"newThread(() -> Context.copyOfCurrent().run(task))",
			by(ContextExecutorsTests.WrapThreadFactory.class, "newThreadRunsInACopyOfTheCreatorsContext"));

	private final Class<?> place;

	private final String text;

	private final String replacement;

	private final List<Detector> detectors;

	CoreFault(Class<?> place, String text, String replacement, Detector... detectors) {
		this.place = place;
		this.text = text;
		this.replacement = replacement;
		this.detectors = List.of(detectors);
	}

	SeededFault seed() {
		return SeededFault.in(this.place, this.text, this.replacement);
	}

	List<Detector> detectors() {
		return this.detectors;
	}

	private static Detector by(Class<?> test, String method) {
		return new Detector(test, method);
	}

	private static Detector byModel() {
		return by(ModelTests.class, "randomOperationsWhenSeedIsFixedMatchTheModel");
	}

	/**
	 * Test that must detect a fault.
	 *
	 * @param test the test class
	 * @param method the name of the test method
	 */
	record Detector(Class<?> test, String method) {

		List<Throwable> failures(SeededFault fault) {
			return fault.detectedBy(this.test, this.method);
		}

		@Override
		public String toString() {
			return this.test.getSimpleName() + "." + this.method;
		}

	}

}
