package io.github.contextvars.demo;

import org.springframework.context.annotation.Configuration;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * Configuration that applies the {@link TenantInterceptor} to all paths that serve a
 * tenant's data.
 */
@Configuration(proxyBeanMethods = false)
class WebConfiguration implements WebMvcConfigurer {

	private final TenantInterceptor tenantInterceptor;

	WebConfiguration(TenantInterceptor tenantInterceptor) {
		this.tenantInterceptor = tenantInterceptor;
	}

	@Override
	public void addInterceptors(InterceptorRegistry registry) {
		registry.addInterceptor(this.tenantInterceptor).addPathPatterns("/notes/**", "/audit/**", "/whoami");
	}

}
