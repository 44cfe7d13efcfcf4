package kotlin.coroutines;

/**
 * Of the name of Kotlin's, which is the type of a suspending function's last parameter.
 */
public interface Continuation<T> {

	void resumeWith(Object result);

}
