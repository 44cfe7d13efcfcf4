package io.github.contextvars.spring.task;

import org.junit.jupiter.api.Test;
import org.springframework.aop.Pointcut;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.aop.interceptor.AsyncExecutionInterceptor;
import org.springframework.aop.support.DefaultPointcutAdvisor;

import io.github.contextvars.Context;
import io.github.contextvars.spring.live.LiveContext;
import io.github.contextvars.spring.live.LiveContexts;

import static org.assertj.core.api.Assertions.assertThat;

class AsyncPostProcessorTests {

	private final LiveContexts live = LiveContexts.tracked();

	@Test
	void callIsListedAsItsMethodWithItsCallerForParent() {
		LiveContext[] seen = new LiveContext[1];
		ProxyFactory factory = new ProxyFactory((Runnable) () -> seen[0] = this.live.current());
		factory.addAdvisor(new DefaultPointcutAdvisor(Pointcut.TRUE, new AsyncExecutionInterceptor(Runnable::run)));
		Object proxy = factory.getProxy();

		Object bean = new AsyncPostProcessor(() -> this.live).postProcessAfterInitialization(proxy, "mail");
		LiveContext request = this.live.begin(LiveContext.Kind.REQUEST, () -> "GET /", null, new Context());
		this.live.run(request, (Runnable) proxy);

		assertThat(bean).isSameAs(proxy);
		assertThat(seen[0].origin()).isEqualTo("Runnable.run");
		assertThat(seen[0].parent()).isEqualTo(request.id());
	}

}
