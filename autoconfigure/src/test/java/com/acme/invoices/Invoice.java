package com.acme.invoices;

import jakarta.persistence.Entity;
import jakarta.persistence.EntityListeners;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.Id;
import org.hibernate.annotations.TenantId;
import org.springframework.data.annotation.CreatedBy;
import org.springframework.data.annotation.LastModifiedBy;
import org.springframework.data.jpa.domain.support.AuditingEntityListener;

@Entity
@EntityListeners(AuditingEntityListener.class)
class Invoice {

	// tag::hibernate-tenant-id[]
	@TenantId
	private String tenant;

	// end::hibernate-tenant-id[]

	// tag::auditing-fields[]
	@CreatedBy
	private String createdBy;

	@LastModifiedBy
	private String lastModifiedBy;

	// end::auditing-fields[]

	@Id
	@GeneratedValue
	private Long id;

	private String text;

	private boolean reminded;

	protected Invoice() {
	}

	Invoice(String text) {
		this.text = text;
	}

	String text() {
		return this.text;
	}

	void remind() {
		this.reminded = true;
	}

}
