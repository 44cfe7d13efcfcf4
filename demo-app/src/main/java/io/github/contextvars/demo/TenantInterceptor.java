package io.github.contextvars.demo;

import java.util.regex.Pattern;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.HandlerInterceptor;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;

/**
 * Interceptor that sets tenant and user from the headers of each request. No other code
 * reads these headers, and no method takes tenant or user as a parameter.
 */
@Component
final class TenantInterceptor implements HandlerInterceptor {

	@ContextVariable(description = "Whose notes this request may touch", header = "X-Tenant", observed = true)
	static final ContextVar<String> TENANT = ContextVar.of("tenant");

	@ContextVariable(description = "Who is asking", header = "X-User", observed = true)
	static final ContextVar<String> USER = ContextVar.of("user", "anonymous");

	private static final Pattern USER_NAME = Pattern.compile("[\\w.@-]{1,64}");

	private final Tenants tenants;

	TenantInterceptor(Tenants tenants) {
		this.tenants = tenants;
	}

	// A real application takes both from its authentication: a header proves nothing.
	@Override
	public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
		TENANT.set(this.tenants.require("Header X-Tenant", request.getHeader("X-Tenant")));
		String user = request.getHeader("X-User");
		if (user != null) {
			USER.set(checkUser(user));
		}
		return true;
	}

	private static String checkUser(String user) {
		if (!USER_NAME.matcher(user).matches()) {
			throw ProblemException.badRequest("Header X-User must match " + USER_NAME);
		}
		return user;
	}

}
