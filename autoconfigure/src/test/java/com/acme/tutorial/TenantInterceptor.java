package com.acme.tutorial;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;

@Component
class TenantInterceptor implements HandlerInterceptor, WebMvcConfigurer {

	@ContextVariable(description = "Whose data this request may touch")
	static final ContextVar<String> TENANT = ContextVar.of("tenant");

	@Override
	public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
		String tenant = request.getHeader("X-Tenant");
		if (tenant != null) {
			TENANT.set(tenant);
		}
		return true;
	}

	@Override
	public void addInterceptors(InterceptorRegistry registry) {
		registry.addInterceptor(this);
	}

}
