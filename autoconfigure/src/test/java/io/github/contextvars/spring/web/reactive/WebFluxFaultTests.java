package io.github.contextvars.spring.web.reactive;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Seeded faults in what Spring WebFlux is given, which its tests must detect.
 */
@Tag("stress")
class WebFluxFaultTests {

	@ParameterizedTest
	@ValueSource(classes = { WebFluxPropagationTests.class, WebFluxFillTests.class, WebFluxRemoteTests.class })
	void rightCodePasses(Class<?> tests) {
		assertThat(SeededFault.NONE.detectedBy(tests)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					web.reactive.ContextHttpHandlerDecorator | handling.contextWrite(context::writeTo)     | handling           | operatorSeesTheRequestsValue
					web.reactive.ContextHttpHandlerDecorator | .doFinally(completion)                      |                    | requestWhoseClientHasGoneEnds
					web.reactive.ContextHttpHandlerDecorator | this.workRegistry.awaitCompletion(unit, completion, (result) -> false); |  | endpointListsARequestWhileItWaits
					web.reactive.ContextHttpHandlerDecorator | path.replaceAll(";[^/]*", "")               | path               | endpointListsARequestWhileItWaits
					web.reactive.FromContextArgumentResolver | : new ServerWebInputException(message, parameter) | : failure    | valueThatCannotBeBoundIsBadRequestAndNotShown
					threadlocal.ReactorContextVars           | snapshotOf(context).after(() -> variable.set(value)) | snapshotOf(context) | innerPublishersHaveTheirOwnValues
					threadlocal.SharedPublishers             | !SHARED.contains(publisher.getClass())      | true               | subscribersOfASharedPublisherSeeTheirOwnValues
					work.WorkSnapshot                        | Context changed = this.values.copy();       | Context changed = this.values; | valueThatIsWrittenIsThatOfWhatIsSubscribedOnly
					""")
	void faultOfPropagationIsDetected(String type, String text, String replacement, String test) {
		assertThat(fault(type, text, replacement).detectedBy(WebFluxPropagationTests.class, test)).isNotEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					web.reactive.ContextHttpHandlerDecorator    | return Ordered.HIGHEST_PRECEDENCE;       | return Ordered.LOWEST_PRECEDENCE; | headersFillVariablesBeforeAllFilters
					web.reactive.ContextHttpHandlerDecorator    | RequestContext.find(context) != null     | false              | preflightsAndManagementNeedNoHeader
					web.reactive.ContextHttpHandlerDecorator    | handling = RequestContext.answer(ex, response); | handling = Mono.error(ex); | valueThatDoesNotMatchIsRejectedAndNotRepeated
					web.reactive.RequestFiller                  | CorsUtils.isPreFlightRequest(request)    | false              | preflightsAndManagementNeedNoHeader
					web.reactive.RequestContext                 | (current == this.snapshot) ? context     | true ? context     | valueOfAnOuterFilterStays
					web.reactive.RequestContext                 | fill(operation);                         |                    | claimTakesPrecedenceOverHeader
					work.WorkSnapshot                           | !isSame(variable, present, before)       | true               | filterThatWritesDoesNotLetTheHeaderDecide
					web.reactive.AuthenticationContextWebFilter | OR !request.isOfApplication()            |                    | preflightsAndManagementNeedNoHeader
					web.reactive.AuthenticationContextWebFilter | chain.filter(exchange).contextWrite((outer) -> filled) | chain.filter(exchange) | valueOfAnOuterFilterStays
					web.reactive.AuthenticationContextWebFilter | request.filled()                         | new io.github.contextvars.spring.fill.FilledValues() | claimTakesPrecedenceOverHeader
					web.reactive.AuthenticationContextWebFilter | ORDER = -99;                             | ORDER = -101;      | claimTakesPrecedenceOverHeader
					""")
	void faultOfFillingIsDetected(String type, String text, String replacement, String test) {
		assertThat(fault(type, text, replacement).detectedBy(WebFluxFillTests.class, test)).isNotEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					web.reactive.RequestFiller | netty.connectionRemoteAddress() | netty.remoteAddress() | addressThatAProxyClaimsIsNotTrusted
					""")
	void faultOfReceivingIsDetected(String type, String text, String replacement, String test) {
		assertThat(fault(type, text, replacement).detectedBy(WebFluxRemoteTests.class, test)).isNotEmpty();
	}

	private static SeededFault fault(String type, String text, String replacement) {
		return SeededFault.in("io.github.contextvars.spring." + type, text.replace("OR ", "|| "),
				(replacement != null) ? replacement : "");
	}

}
