package io.github.contextvars.spring.remote;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.github.contextvars.spring.testing.Services;
import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Seeded faults in what sends and receives variables, which {@link RemoteHttpTests} and
 * {@link RemoteMessagesTests} must detect.
 */
@Tag("stress")
class RemoteFaultTests {

	private static final String ROOT = "io.github.contextvars.spring.";

	@Test
	void rightCodePasses() {
		assertThat(SeededFault.NONE.detectedBy(RemoteHttpTests.class)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					remote.RemoteReceiver                                  | if (!isTrusted()) {                           | if (false) {               | peerIsComparedByTheAddressOfItsConnection
					remote.RemoteReceiver                                  | found.size() > 1                              | found.size() > 9           | attackIsDropped
					remote.RemoteReceiver                                  | if (trust.isTrusted(transport, address, carrier)) { | if (true) {          | beanDecidesWhomToTrust
					boot.autoconfigure.ContextVarsTomcatConfiguration      | request.getPeerAddr()                         | request.getRemoteAddr()    | peerIsComparedByTheAddressOfItsConnection
					boot.autoconfigure.ContextVarsRemoteAutoConfiguration  | settings.withRedirects(HttpRedirects.DONT_FOLLOW) | settings               | clientsSendAndReceiveValues
					remote.RemoteSender                                    | if (RedirectCheck.follows(request)) {         | if (false) {               | clientThatFollowsRedirectsSendsNothingAndIsReported
					remote.RemoteExchangeFilter                            | if (follows(nativeRequest)) {                 | if (false) {               | clientThatFollowsRedirectsSendsNothingAndIsReported
					remote.RemoteExchangeFilter                            | if (!this.sender.isNamed(uri)) {              | if (false) {               | filterThatSendsTheRequestElsewhereBringsNothing
					remote.RemoteSender                                    | existing.apply(name) == null                  | true                       | headerThatTheApplicationSetsStays
					web.servlet.RemoteContextInitializer                   | ? RemoteReceiver.parseAddress(peer) : null;   | ? RemoteReceiver.parseAddress(peer) : RemoteReceiver.parseAddress(request.getRemoteAddr()); | addressThatNoServerHasToldIsNotTrusted
					remote.RemoteSender                                    | !sender.isNamed(request.getURI())             | false                      | nothingIsSentToHostsThatAreNotNamed
					remote.RemoteSender                                    | append(foreign, member.strip());              | ``                         | foreignMembersOfBaggageStay
					remote.RemoteReceiver                                  | UNIT_ID.matcher(id).matches()                 | true                       | malformedIdIsDroppedAndCounted
					remote.RemoteSender                                    | name.equals(RemoteVariables.UNIT)             | false                      | idThatAStrangerHasSentIsNotPassedOn
					remote.RemoteSender                                    | (this.parent && member.equals(RemoteVariables.UNIT)) | false               | idThatAStrangerHasSentIsNotPassedOn
					remote.RemoteValues                                    | return isValid(value) ? value : null;         | return value;              | attackIsDropped
					""")
	void faultIsDetected(String type, String text, String replacement, String test) {
		assertThat(SeededFault.in(ROOT + type, text, replacement).detectedBy(RemoteHttpTests.class, test)).isNotEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					messaging.KafkaRecordContextInterceptor  | this.contexts.receiveVariables(record); | ``           | valuesOfTheSenderReachTheReceiver
					messaging.RabbitContextBeanPostProcessor | this.contexts.forgetReceived();         | ``           | batchOfConsumerDoesNotReceiveTheValueOfItsLastMessage
					messaging.RabbitContextBeanPostProcessor | if (!isBatch(message)) {                | if (true) {  | partsOfRabbitBatchDoNotReceiveTheValueOfAnother
					remote.RemoteSender                      | settings.sendTo().contains(transport)   | true         | nothingIsSentOrReceivedWhereItIsNotNamed
					remote.RemoteReceiver                    | this.transports.contains(transport)     | true         | nothingIsSentOrReceivedWhereItIsNotNamed
					""")
	void faultInMessagesIsDetected(String type, String text, String replacement, String test) {
		assumeThat(Services.RABBITMQ.isThere()).isTrue();
		assertThat(SeededFault.in(ROOT + type, text, replacement).detectedBy(RemoteMessagesTests.class, test))
			.isNotEmpty();
	}

	@Test
	void faultInServletIsDetected() {
		assertThat(SeededFault
			.in(ROOT + "rpc.ContextServerBuilderCustomizer", "!builder.getClass().getName().contains(\".servlet.\")",
					"true")
			.detectedBy(RemoteGrpcTests.class)).isNotEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					options.isFollowRedirects()                    | options == null                         | clientThatFollowsRedirectsSendsNothingAndIsReported
					!OBEYING.contains(                             | OBEYING.isEmpty() && !OBEYING.contains( | clientThatIsNotKnownSendsNothingAndIsReported
					this.sender.isNamed(URI.create(request.url())) | true                                    | clientSendsValuesToHostThatIsNamed
					""")
	void faultInFeignIsDetected(String text, String replacement, String test) {
		assertThat(SeededFault.in(ROOT + "remote.RemoteFeignCapability", text, replacement)
			.detectedBy(RemoteFeignTests.class, test)).isNotEmpty();
	}

}
