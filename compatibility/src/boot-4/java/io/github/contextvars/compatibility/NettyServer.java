package io.github.contextvars.compatibility;

import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * The server of reactive applications, where Tomcat is present too, in Spring Boot 4.
 */
@Configuration(proxyBeanMethods = false)
class NettyServer {

	@Bean
	NettyReactiveWebServerFactory nettyServerFactory() {
		return new NettyReactiveWebServerFactory();
	}

}
