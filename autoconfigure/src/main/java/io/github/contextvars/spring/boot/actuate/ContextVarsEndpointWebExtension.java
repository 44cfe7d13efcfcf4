package io.github.contextvars.spring.boot.actuate;

import java.util.Set;

import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.Show;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.EndpointWebExtension;

/**
 * {@link EndpointWebExtension @EndpointWebExtension} for the {@link ContextVarsEndpoint}:
 * shows values by the client's roles, and returns 404 for an unknown variable.
 *
 * @since 0.1.0
 */
@EndpointWebExtension(endpoint = ContextVarsEndpoint.class)
public final class ContextVarsEndpointWebExtension {

	private final ContextVarsEndpoint delegate;

	private final Show showValues;

	private final Set<String> roles;

	/**
	 * Create an extension.
	 * @param delegate the endpoint
	 * @param showValues when to show values
	 * @param roles the roles that are shown them; all authenticated users if empty
	 */
	public ContextVarsEndpointWebExtension(ContextVarsEndpoint delegate, Show showValues, Set<String> roles) {
		this.delegate = delegate;
		this.showValues = showValues;
		this.roles = roles;
	}

	/**
	 * List all variables.
	 * @param securityContext the client
	 * @return variables and contexts
	 */
	@ReadOperation
	public ContextVarsEndpoint.ContextVarsDescriptor contextVars(SecurityContext securityContext) {
		return this.delegate.describe(this.showValues.isShown(securityContext, this.roles));
	}

	/**
	 * List one variable and the contexts in which it has a value.
	 * @param securityContext the client
	 * @param variable the variable's name
	 * @return variables and contexts, or status 404
	 */
	@ReadOperation
	public WebEndpointResponse<ContextVarsEndpoint.ContextVarsDescriptor> contextVar(SecurityContext securityContext,
			@Selector String variable) {
		ContextVarsEndpoint.ContextVarsDescriptor descriptor = this.delegate.describe(variable,
				this.showValues.isShown(securityContext, this.roles));
		return (descriptor != null) ? new WebEndpointResponse<>(descriptor)
				: new WebEndpointResponse<>(WebEndpointResponse.STATUS_NOT_FOUND);
	}

}
