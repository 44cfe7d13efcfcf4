package io.github.contextvars.demo;

import org.springframework.context.annotation.Configuration;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * Asks for the caller wherever there are tenants' data.
 */
@Configuration(proxyBeanMethods = false)
class WebConfiguration implements WebMvcConfigurer {

	private final Caller caller;

	WebConfiguration(Caller caller) {
		this.caller = caller;
	}

	@Override
	public void addInterceptors(InterceptorRegistry registry) {
		registry.addInterceptor(this.caller).addPathPatterns("/notes/**", "/audit/**", "/whoami");
	}

}
