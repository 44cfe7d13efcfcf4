package com.acme.nightly;

import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.JobExecutionException;
import org.springframework.batch.core.job.builder.JobBuilder;
import org.springframework.batch.core.job.parameters.JobParametersBuilder;
import org.springframework.batch.core.launch.JobOperator;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.builder.StepBuilder;
import org.springframework.batch.infrastructure.repeat.RepeatStatus;
import org.springframework.stereotype.Service;

import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextSetting;

@Service
class StatementBatch {

	private final JobOperator operator;

	private final Job job;

	StatementBatch(JobOperator operator, JobRepository repository, Statements statements) {
		this.operator = operator;
		this.job = new JobBuilder("statements", repository)
			.start(new StepBuilder("write", repository).tasklet((contribution, chunk) -> {
				statements.write();
				return RepeatStatus.FINISHED;
			}).build())
			.build();
	}

	// tag::schedulers-batch[]
	@ContextScoped(set = @ContextSetting(variable = "tenant", value = "#tenant"))
	JobExecution start(String tenant, String day) throws JobExecutionException {
		return this.operator.start(this.job,
				new JobParametersBuilder().addString("tenant", tenant).addString("day", day).toJobParameters());
	}
	// end::schedulers-batch[]

}
