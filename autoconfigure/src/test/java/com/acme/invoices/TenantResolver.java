package com.acme.invoices;

import java.util.Map;

import org.hibernate.cfg.MultiTenancySettings;
import org.hibernate.context.spi.CurrentTenantIdentifierResolver;
import org.springframework.boot.hibernate.autoconfigure.HibernatePropertiesCustomizer;
import org.springframework.stereotype.Component;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;

// tag::hibernate-resolver[]
@Component
public class TenantResolver implements CurrentTenantIdentifierResolver<String>, HibernatePropertiesCustomizer {

	@ContextVariable(description = "Whose rows this request may touch")
	public static final ContextVar<String> TENANT = ContextVar.of("tenant");

	@Override
	public String resolveCurrentTenantIdentifier() {
		return (Context.depth() > 0) ? TENANT.get() : TENANT.get("none");
	}

	@Override
	public boolean validateExistingCurrentSessions() {
		return true;
	}

	@Override
	public void customize(Map<String, Object> properties) {
		properties.put(MultiTenancySettings.MULTI_TENANT_IDENTIFIER_RESOLVER, this);
	}

}
// end::hibernate-resolver[]
