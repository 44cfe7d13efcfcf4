package com.acme.nightly;

import org.quartz.Job;
import org.quartz.JobExecutionContext;

// tag::schedulers-quartz[]
class StatementJob implements Job {

	private final Statements statements;

	StatementJob(Statements statements) {
		this.statements = statements;
	}

	@Override
	public void execute(JobExecutionContext firing) {
		NightlyApplication.TENANT.set(firing.getMergedJobDataMap().getString("tenant"));
		this.statements.write();
	}

}
// end::schedulers-quartz[]
