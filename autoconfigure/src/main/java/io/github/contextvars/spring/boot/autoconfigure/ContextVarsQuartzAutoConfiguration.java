package io.github.contextvars.spring.boot.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Import;

import io.github.contextvars.spring.quartz.ContextQuartzConfiguration;

/**
 * {@link AutoConfiguration Auto-configuration} that begins each firing of a Quartz job
 * with an empty context.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = ContextVarsAutoConfiguration.class)
@ConditionalOnClass(name = { "org.quartz.Scheduler", "org.springframework.scheduling.quartz.SchedulerFactoryBean" })
@ConditionalOnBooleanProperty(name = "contextvars.task.enabled", matchIfMissing = true)
@Import(ContextQuartzConfiguration.class)
public final class ContextVarsQuartzAutoConfiguration {

}
