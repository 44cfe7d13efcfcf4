package io.github.contextvars.spring.web.servlet;

import java.beans.PropertyEditorSupport;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.context.PropertyPlaceholderAutoConfiguration;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.boot.webmvc.autoconfigure.WebMvcAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.convert.converter.Converter;
import org.springframework.core.convert.support.GenericConversionService;
import org.springframework.graphql.data.method.annotation.QueryMapping;
import org.springframework.graphql.data.method.annotation.SchemaMapping;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.simp.annotation.SubscribeMapping;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.WebDataBinder;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.InitBinder;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.bind.support.WebBindingInitializer;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerAdapter;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsStartupAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsWebAutoConfiguration;
import io.github.contextvars.spring.registry.InvalidDeclarationException;

import static org.assertj.core.api.Assertions.assertThat;

class FromContextValidatorTests {

	private final WebApplicationContextRunner runner = new WebApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class,
				ContextVarsWebAutoConfiguration.class, ContextVarsStartupAutoConfiguration.class,
				WebMvcAutoConfiguration.class, PropertyPlaceholderAutoConfiguration.class))
		.withUserConfiguration(Variables.class);

	private void assertStarts(Class<?>... controllers) {
		this.runner.withUserConfiguration(controllers).run((context) -> assertThat(context).hasNotFailed());
	}

	private void assertRefused(Class<?> controller, String description, String action) {
		assertRefused(this.runner, controller, description, action);
	}

	private static void assertRefused(WebApplicationContextRunner runner, Class<?> controller, String description,
			String action) {
		runner.withUserConfiguration(controller)
			.run((context) -> assertThat(context).getFailure()
				.isInstanceOfSatisfying(InvalidDeclarationException.class, (failure) -> {
					assertThat(failure).hasMessage(description.replace("CLASS", controller.getName()));
					assertThat(failure.action()).isEqualTo(action);
				}));
	}

	@Nested
	class Names {

		private static final String USE = "Use one of [text, number, user, anything, open, raw, strange],"
				+ " or declare it with @ContextVariable in a bean's class.";

		@Test
		void unknownNameDoesNotStart() {
			assertRefused(UnknownName.class,
					"@FromContext parameter 'text' of CLASS#page names the variable 'txt', which is not declared", USE);
		}

		@Test
		void unknownNameOfParameterDoesNotStart() {
			assertRefused(UnknownParameter.class,
					"@FromContext parameter 'txt' of CLASS#page names the variable 'txt', which is not declared", USE);
		}

		@Test
		void unknownNameInInterfaceDoesNotStart() {
			assertRefused(OfInterface.class,
					"@FromContext parameter 'text' of CLASS#page names the variable 'txt', which is not declared", USE);
		}

		@ParameterizedTest
		@ValueSource(classes = { UnknownNameInQuery.class, UnknownNameInMutation.class, UnknownNameInMessage.class,
				UnknownNameInSubscription.class })
		void unknownNameInMethodOfAnotherFrameworkDoesNotStart(Class<?> controller) {
			assertRefused(controller,
					"@FromContext parameter 'text' of CLASS#handle names the variable 'txt', which is not declared",
					USE);
		}

		@Test
		void typeInMethodOfAnotherFrameworkIsLeftToIt() {
			assertStarts(StrangeTypeInQuery.class);
		}

		@Test
		void unknownNameInAdviceDoesNotStart() {
			assertRefused(Advice.class,
					"@FromContext parameter 'text' of CLASS#model names the variable 'txt', which is not declared",
					USE);
		}

		@Test
		void unknownNameInLazyApplicationDoesNotStart() {
			assertRefused(FromContextValidatorTests.this.runner.withInitializer(
					(context) -> context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor())),
					UnknownName.class,
					"@FromContext parameter 'text' of CLASS#page names the variable 'txt', which is not declared", USE);
		}

		@Test
		void nameFromPropertyIsResolved() {
			WebApplicationContextRunner runner = FromContextValidatorTests.this.runner;

			runner.withPropertyValues("which=text")
				.withUserConfiguration(NameFromProperty.class)
				.run((context) -> assertThat(context).hasNotFailed());
			assertRefused(runner.withPropertyValues("which=txt"), NameFromProperty.class,
					"@FromContext parameter 'value' of CLASS#page names the variable 'txt', which is not declared",
					USE);
		}

		@Test
		void nameFromMissingPropertyDoesNotStart() {
			assertRefused(NameFromProperty.class,
					"@FromContext parameter 'value' of CLASS#page has the name '${which}', which cannot be resolved:"
							+ " Could not resolve placeholder 'which' in value \"${which}\"",
					"Define the property, or correct the name.");
		}

		@Test
		void nameFromExpressionIsLeftToTheRequest() {
			assertStarts(NameFromExpression.class);
		}

	}

	@Nested
	class Methods {

		@Test
		void methodsOfJdkSuperclassAreLeftAlone() {
			assertStarts(OfThread.class);
		}

		@Test
		void helpersAreLeftAlone() {
			assertStarts(WithHelper.class);
		}

	}

	@Nested
	class Types {

		private static final String USER = User.class.getName();

		@Test
		void typeThatNothingConvertsToDoesNotStart() {
			assertRefused(UserAsInt.class,
					"@FromContext parameter 'user' of CLASS#page has the type int, which the values of the variable"
							+ " 'user' cannot be converted to: " + Variables.class.getName() + "#USER holds " + USER,
					"Give the parameter the type " + USER + ", or register a Converter from " + USER + " to int.");
		}

		@Test
		void typeInAdviceThatNothingConvertsToDoesNotStart() {
			assertRefused(UserAsIntInAdvice.class,
					"@FromContext parameter 'user' of CLASS#model has the type int, which the values of the variable"
							+ " 'user' cannot be converted to: " + Variables.class.getName() + "#USER holds " + USER,
					"Give the parameter the type " + USER + ", or register a Converter from " + USER + " to int.");
		}

		@Test
		void typeInOptionalThatNothingConvertsToDoesNotStart() {
			assertRefused(TextAsOptionalUser.class,
					"@FromContext parameter 'text' of CLASS#page has the type " + USER
							+ ", which the values of the variable 'text' cannot be converted to: "
							+ Variables.class.getName() + "#TEXT holds java.lang.String",
					"Give the parameter the type java.lang.String, or register a Converter from java.lang.String to "
							+ USER + ".");
		}

		@Test
		void typeOfTypeVariableThatNothingConvertsToDoesNotStart() {
			FromContextValidatorTests.this.runner.withUserConfiguration(UserAsVariable.class)
				.run((context) -> assertThat(context).getFailure()
					.isInstanceOf(InvalidDeclarationException.class)
					.hasMessageContainingAll("'user'", UserAsVariable.class.getName() + "#page", "java.util.UUID"));
		}

		@Test
		void typesThatRequestsConvertStart() {
			assertStarts(Convertible.class);
		}

		@Test
		void typeWithConstantsOfItsOwnIsReadFromText() {
			assertStarts(TextAsConstant.class);
			assertRefused(TextAsNoConstant.class,
					"@FromContext parameter 'text' of CLASS#page has the type " + NoConstant.class.getName()
							+ ", which the values of the variable 'text' cannot be converted to: "
							+ Variables.class.getName() + "#TEXT holds java.lang.String",
					"Give the parameter the type java.lang.String, or register a Converter from java.lang.String to "
							+ NoConstant.class.getName() + ".");
		}

		@Test
		void typesThatNobodyKnowsStart() {
			assertStarts(Open.class);
		}

		@Test
		void converterOfTheApplicationCounts() {
			assertStarts(UserAsInt.class, UserConverter.class);
		}

		@Test
		void editorByConventionMayConvertAnything() {
			assertStarts(UserAsEdited.class);
		}

		@Test
		void typeThatIsNotFinalMayBeConvertedByItsSubtypes() {
			assertStarts(BaseAsTarget.class);
		}

		@Test
		void simpleTypesAreConvertedWithoutConversionServiceToo() {
			initializedBy((binder) -> binder.setConversionService(new GenericConversionService()))
				.withUserConfiguration(Simple.class)
				.run((context) -> assertThat(context).hasNotFailed());
		}

		@Test
		void initializerThatFailsLeavesTypesToTheRequest() {
			initializedBy((binder) -> {
				throw new IllegalStateException("no request");
			}).withUserConfiguration(UserAsInt.class).run((context) -> assertThat(context).hasNotFailed());
		}

		private WebApplicationContextRunner initializedBy(WebBindingInitializer initializer) {
			return FromContextValidatorTests.this.runner
				.withInitializer((context) -> context.getBeanFactory().addBeanPostProcessor(new BeanPostProcessor() {

					@Override
					public Object postProcessAfterInitialization(Object bean, String name) {
						if (bean instanceof RequestMappingHandlerAdapter adapter) {
							adapter.setWebBindingInitializer(initializer);
						}
						return bean;
					}

				}));
		}

		@Test
		void editorOfControllerOrAdviceMayConvertAnything() {
			assertStarts(UserAsIntWithEditor.class);
			assertStarts(UserAsInt.class, Editors.class);
		}

	}

	static final class User {

	}

	public record Constructed(String text) {

	}

	public static final class Edited {

	}

	public static final class EditedEditor extends PropertyEditorSupport {

	}

	@Configuration(proxyBeanMethods = false)
	static class Variables {

		@ContextVariable
		static final ContextVar<String> TEXT = ContextVar.of("text");

		@ContextVariable
		static final ContextVar<Long> NUMBER = ContextVar.of("number");

		@ContextVariable
		static final ContextVar<User> USER = ContextVar.of("user");

		@ContextVariable
		static final ContextVar<Object> ANYTHING = ContextVar.of("anything");

		@ContextVariable
		static final ContextVar<?> OPEN = ContextVar.of("open");

		@ContextVariable
		@SuppressWarnings("rawtypes")
		static final ContextVar RAW = ContextVar.of("raw");

		@ContextVariable
		static final ContextVar<? super User> STRANGE = ContextVar.of("strange");

	}

	@RestController
	static class UnknownName {

		@GetMapping("/")
		String page(@FromContext("txt") String text) {
			return text;
		}

	}

	@Controller
	static class UnknownNameInQuery {

		@QueryMapping
		String handle(@FromContext("txt") String text) {
			return text;
		}

	}

	@Controller
	static class UnknownNameInMutation {

		@SchemaMapping(typeName = "Mutation")
		String handle(@FromContext("txt") String text) {
			return text;
		}

	}

	@Controller
	static class UnknownNameInMessage {

		@MessageMapping("/")
		String handle(@FromContext("txt") String text) {
			return text;
		}

	}

	@Controller
	static class UnknownNameInSubscription {

		@SubscribeMapping("/")
		String handle(@FromContext("txt") String text) {
			return text;
		}

	}

	@Controller
	static class StrangeTypeInQuery {

		@QueryMapping
		Object handle(@FromContext("user") Runnable user) {
			return user;
		}

	}

	@RestController
	static class UnknownParameter {

		@GetMapping("/")
		String page(@FromContext String txt) {
			return txt;
		}

	}

	interface Page {

		String page(@FromContext("txt") String text);

	}

	@RestController
	static class OfInterface implements Page {

		@Override
		@GetMapping("/")
		public String page(String text) {
			return text;
		}

	}

	@ControllerAdvice
	static class Advice {

		@ModelAttribute
		String model(@FromContext("txt") String text) {
			return text;
		}

	}

	@RestController
	static class NameFromProperty {

		@GetMapping("/")
		String page(@FromContext("${which}") String value) {
			return value;
		}

	}

	@RestController
	static class NameFromExpression {

		@GetMapping("/")
		String page(@FromContext("#{request.method}") String value) {
			return value;
		}

	}

	@RestController
	static class UserAsInt {

		@GetMapping("/")
		int page(@FromContext int user) {
			return user;
		}

	}

	@RestController
	static class TextAsOptionalUser {

		@GetMapping("/")
		String page(@FromContext Optional<User> text) {
			return text.toString();
		}

	}

	static class Generic<T> {

		@GetMapping("/")
		String page(@FromContext T user) {
			return user.toString();
		}

	}

	@RestController
	static class UserAsVariable extends Generic<UUID> {

	}

	@RestController
	static class Convertible {

		@GetMapping("/text")
		String text(@FromContext("text") int number, @FromContext("text") Optional<Integer> maybe,
				@FromContext("text") TimeUnit unit, @FromContext("text") UUID id,
				@FromContext("text") List<Long> numbers, @FromContext("text") CharSequence text,
				@FromContext("text") char[] characters, @FromContext("text") Class<?> type) {
			return text.toString();
		}

		@GetMapping("/number")
		String number(@FromContext("number") int number, @FromContext("number") String text,
				@FromContext("number") Optional<?> maybe, @FromContext("number") Object object) {
			return text;
		}

	}

	@RestController
	static class Open extends Generic<User> {

		@GetMapping("/open")
		<T> String open(@FromContext("anything") User narrower, @FromContext("anything") int number,
				@FromContext("open") User wildcard, @FromContext("raw") Map<String, Long> raw,
				@FromContext("strange") int lower, @FromContext("user") T variable,
				@FromContext("user") Optional<User> maybe) {
			return narrower.toString();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class UserConverter {

		// No lambda, whose types nobody knows.
		@Bean
		Converter<User, Integer> userConverter() {
			return new Converter<>() {

				@Override
				public Integer convert(User user) {
					return 1;
				}

			};
		}

	}

	@RestController
	static class UserAsIntWithEditor extends UserAsInt {

		@InitBinder
		void editors(WebDataBinder binder) {
			binder.registerCustomEditor(int.class, new PropertyEditorSupport());
		}

	}

	@ControllerAdvice
	static class UserAsIntInAdvice {

		@ModelAttribute("user")
		int model(@FromContext int user) {
			return user;
		}

	}

	@ControllerAdvice
	static class Editors {

		@InitBinder
		void editors(WebDataBinder binder) {
			binder.registerCustomEditor(int.class, new PropertyEditorSupport());
		}

	}

	@RestController
	static class Simple {

		@GetMapping("/")
		String page(@FromContext("number") int number, @FromContext("number") String text,
				@FromContext("text") Long parsed, @FromContext("text") UUID edited,
				@FromContext("text") Constructed constructed) {
			return text;
		}

	}

	@RestController
	static class OfThread extends Thread {

		@GetMapping("/")
		String page(@FromContext String text) {
			return text;
		}

	}

	@RestController
	static class WithHelper {

		@GetMapping("/")
		String page(@FromContext String text) {
			return helper(text);
		}

		String helper(@FromContext("txt") String text) {
			return text;
		}

	}

	public static final class Constant {

		public static final Constant ONE = new Constant();

		private Constant() {
		}

	}

	public static final class NoConstant {

		public static final String TEXT = "text";

		public final NoConstant itself = this;

		private NoConstant() {
		}

	}

	@RestController
	static class TextAsConstant {

		@GetMapping("/")
		String page(@FromContext Constant text) {
			return text.toString();
		}

	}

	@RestController
	static class TextAsNoConstant {

		@GetMapping("/")
		String page(@FromContext NoConstant text) {
			return text.toString();
		}

	}

	@RestController
	static class UserAsEdited {

		@GetMapping("/")
		String page(@FromContext Edited user) {
			return user.toString();
		}

	}

	@RestController
	static class BaseAsTarget {

		@ContextVariable
		static final ContextVar<Base> BASE = ContextVar.of("base");

		@GetMapping("/")
		String page(@FromContext UUID base) {
			return base.toString();
		}

	}

	static class Base {

	}

}
