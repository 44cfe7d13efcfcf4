package io.github.contextvars.spring.task;

import org.junit.jupiter.api.Test;
import org.springframework.aop.Pointcut;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.aop.interceptor.AsyncExecutionInterceptor;
import org.springframework.aop.support.DefaultPointcutAdvisor;

import io.github.contextvars.Context;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

class ContextAsyncBeanPostProcessorTests {

	private final WorkRegistry live = WorkRegistry.tracking();

	@Test
	void callIsListedAsItsMethodWithItsCallerForParent() {
		UnitOfWork[] seen = new UnitOfWork[1];
		ProxyFactory factory = new ProxyFactory((Runnable) () -> seen[0] = this.live.current());
		factory.addAdvisor(new DefaultPointcutAdvisor(Pointcut.TRUE, new AsyncExecutionInterceptor(Runnable::run)));
		Object proxy = factory.getProxy();

		Object bean = new ContextAsyncBeanPostProcessor(() -> this.live).postProcessAfterInitialization(proxy, "mail");
		UnitOfWork request = this.live.create(UnitOfWork.Kind.REQUEST, () -> "GET /", null, new Context());
		this.live.run(request, (Runnable) proxy);

		assertThat(bean).isSameAs(proxy);
		assertThat(seen[0].origin()).isEqualTo("Runnable.run");
		assertThat(seen[0].parent()).isEqualTo(request.id());
	}

}
