package io.github.contextvars.spring.web.socket;

import java.lang.reflect.Method;

import jakarta.websocket.OnClose;
import jakarta.websocket.OnError;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.server.ServerEndpoint;
import org.springframework.aop.support.AopUtils;
import org.springframework.asm.AnnotationVisitor;
import org.springframework.asm.ClassVisitor;
import org.springframework.asm.SpringAsmInfo;
import org.springframework.asm.Type;
import org.springframework.cglib.core.SpringNamingPolicy;
import org.springframework.cglib.proxy.Callback;
import org.springframework.cglib.proxy.CallbackFilter;
import org.springframework.cglib.proxy.Enhancer;
import org.springframework.cglib.proxy.Factory;
import org.springframework.cglib.proxy.MethodInterceptor;
import org.springframework.cglib.proxy.NoOp;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.objenesis.SpringObjenesis;

/**
 * Class of the proxies of an annotated endpoint.
 * <p>
 * It has the path in a {@link ServerEndpoint} annotation, but no configurator. Jetty
 * prefers the configurator of an annotation to the one that it is given, and accepts
 * annotated classes only.
 */
final class EndpointProxyClass {

	private static final Class<?>[] CALLBACK_TYPES = { MethodInterceptor.class, MethodInterceptor.class,
			MethodInterceptor.class, MethodInterceptor.class, NoOp.class };

	private static final int BEGIN = 0;

	private static final int HANDLE = 1;

	private static final int END = 2;

	private static final int OTHER = 3;

	private static final int FINALIZE = 4;

	// A constant, by which CGLIB finds the class that it has generated before.
	private static final CallbackFilter FILTER = EndpointProxyClass::indexOf;

	private static final SpringObjenesis OBJENESIS = new SpringObjenesis();

	private final Class<?> proxyClass;

	/**
	 * Generate the class.
	 * @param type the class of the endpoint
	 * @param path its path
	 * @throws RuntimeException if it cannot have a subclass
	 */
	EndpointProxyClass(Class<?> type, String path) {
		Enhancer enhancer = new AnnotatingEnhancer(path);
		enhancer.setSuperclass(type);
		enhancer.setNamingPolicy(SpringNamingPolicy.INSTANCE);
		enhancer.setCallbackFilter(FILTER);
		enhancer.setCallbackTypes(CALLBACK_TYPES);
		this.proxyClass = enhancer.createClass();
	}

	/**
	 * Return the generated class.
	 * @return a subclass of the endpoint's
	 */
	Class<?> proxyClass() {
		return this.proxyClass;
	}

	/**
	 * Create a proxy. No constructor is called.
	 * @param session the session
	 * @return a proxy of its endpoint
	 */
	Object create(EndpointSession session) {
		Object proxy = OBJENESIS.newInstance(this.proxyClass);
		MethodInterceptor begin = (self, method, arguments, original) -> session.begin(method, arguments);
		MethodInterceptor handle = (self, method, arguments, original) -> session.handle(method, arguments);
		MethodInterceptor end = (self, method, arguments, original) -> session.end(method, arguments);
		MethodInterceptor call = (self, method, arguments, original) -> session.call(method, arguments);
		((Factory) proxy).setCallbacks(new Callback[] { begin, handle, end, call, NoOp.INSTANCE });
		return proxy;
	}

	/**
	 * Return whether a container calls a method for a session.
	 * @param method a method of an endpoint
	 * @return whether it is annotated, or overrides one that is
	 */
	static boolean isCallback(Method method) {
		return indexOf(method) <= END;
	}

	private static int indexOf(Method method) {
		if (AnnotatedElementUtils.hasAnnotation(method, OnOpen.class)) {
			return BEGIN;
		}
		if (AnnotatedElementUtils.hasAnnotation(method, OnMessage.class)
				|| AnnotatedElementUtils.hasAnnotation(method, OnError.class)) {
			return HANDLE;
		}
		if (AnnotatedElementUtils.hasAnnotation(method, OnClose.class)) {
			return END;
		}
		return AopUtils.isFinalizeMethod(method) ? FINALIZE : OTHER;
	}

	private static final class AnnotatingEnhancer extends Enhancer {

		private final String path;

		private AnnotatingEnhancer(String path) {
			this.path = path;
		}

		@Override
		public void generateClass(ClassVisitor visitor) throws Exception {
			super.generateClass(new ClassVisitor(SpringAsmInfo.ASM_VERSION, visitor) {

				@Override
				public void visitEnd() {
					AnnotationVisitor annotation = visitAnnotation(Type.getDescriptor(ServerEndpoint.class), true);
					annotation.visit("value", AnnotatingEnhancer.this.path);
					annotation.visitEnd();
					super.visitEnd();
				}

			});
		}

	}

}
