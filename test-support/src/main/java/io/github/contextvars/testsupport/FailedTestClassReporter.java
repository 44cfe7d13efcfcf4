package io.github.contextvars.testsupport;

import java.util.List;

import org.apache.maven.plugin.surefire.extensions.SurefireStatelessTestsetInfoReporter;
import org.apache.maven.plugin.surefire.log.api.ConsoleLogger;
import org.apache.maven.plugin.surefire.report.ConsoleReporter;
import org.apache.maven.plugin.surefire.report.TestSetStats;
import org.apache.maven.plugin.surefire.report.WrappedReportEntry;
import org.apache.maven.surefire.api.report.TestSetReportEntry;
import org.apache.maven.surefire.extensions.StatelessTestsetInfoConsoleReportEventListener;

/**
 * Surefire extension that prints a test class, with its stack traces, only if one of its
 * tests failed. Surefire itself prints two lines for each class, and for each nested one.
 * Runs in Maven's JVM.
 */
public final class FailedTestClassReporter extends SurefireStatelessTestsetInfoReporter {

	@Override
	public StatelessTestsetInfoConsoleReportEventListener<WrappedReportEntry, TestSetStats> createListener(
			ConsoleLogger logger) {
		return new ConsoleReporter(logger, false, false) {

			@Override
			public void testSetStarting(TestSetReportEntry report) {
				// Printed when the class has ended, if at all.
			}

			@Override
			public void testSetCompleted(WrappedReportEntry report, TestSetStats stats, List<String> results) {
				if (stats.getFailures() > 0 || stats.getErrors() > 0) {
					super.testSetCompleted(report, stats, results);
				}
			}

		};
	}

}
