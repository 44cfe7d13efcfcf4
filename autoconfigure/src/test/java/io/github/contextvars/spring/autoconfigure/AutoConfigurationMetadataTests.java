package io.github.contextvars.spring.autoconfigure;

import java.io.InputStream;
import java.lang.annotation.Annotation;
import java.util.Arrays;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigureAfter;
import org.springframework.boot.autoconfigure.AutoConfigureBefore;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.annotation.ImportCandidates;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.annotation.MergedAnnotation;
import org.springframework.core.annotation.MergedAnnotations;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that what Spring Boot reads of the auto-configurations before it loads them is
 * what their annotations say. Boot's own annotation processor writes such a file; here it
 * is written by hand, as far as Boot 4.1 asks for it.
 */
class AutoConfigurationMetadataTests {

	@Test
	void metadataSaysWhatTheAnnotationsSay() throws Exception {
		Properties metadata = new Properties();
		try (InputStream input = getClass().getClassLoader()
			.getResourceAsStream("META-INF/spring-autoconfigure-metadata.properties")) {
			metadata.load(input);
		}

		Map<String, String> expected = new TreeMap<>();
		for (String name : ImportCandidates.load(AutoConfiguration.class, null)) {
			if (name.startsWith("io.github.contextvars.")) {
				describe(Class.forName(name), expected);
			}
		}

		assertThat(expected).hasSizeGreaterThan(8);
		assertThat(ours(metadata)).isEqualTo(expected);
	}

	// On the class path there are Boot's, too.
	private static Map<Object, Object> ours(Properties metadata) {
		Map<Object, Object> ours = new TreeMap<>(metadata);
		ours.keySet().removeIf((key) -> !key.toString().startsWith("io.github.contextvars."));
		return ours;
	}

	private static void describe(Class<?> type, Map<String, String> expected) {
		MergedAnnotations annotations = MergedAnnotations.from(type);
		expected.put(type.getName(), "");
		put(expected, type, "AutoConfigureAfter", names(annotations, AutoConfigureAfter.class));
		put(expected, type, "AutoConfigureBefore", names(annotations, AutoConfigureBefore.class));
		put(expected, type, "ConditionalOnClass", names(annotations, ConditionalOnClass.class));
		MergedAnnotation<ConditionalOnWebApplication> web = annotations.get(ConditionalOnWebApplication.class);
		if (web.isPresent()) {
			expected.put(type.getName() + ".ConditionalOnWebApplication", web.synthesize().type().name());
		}
		assertThat(Stream.of(ConditionalOnBean.class, ConditionalOnSingleCandidate.class)
			.filter((annotation) -> AnnotatedElementUtils.isAnnotated(type, annotation))).as("not in the file")
			.isEmpty();
	}

	private static void put(Map<String, String> expected, Class<?> type, String key, String names) {
		if (!names.isEmpty()) {
			expected.put(type.getName() + "." + key, names);
		}
	}

	private static String names(MergedAnnotations annotations, Class<? extends Annotation> type) {
		MergedAnnotation<?> annotation = annotations.get(type);
		if (!annotation.isPresent()) {
			return "";
		}
		return Stream
			.concat(Arrays.stream(annotation.getClassArray("value")).map(Class::getName),
					Arrays.stream(annotation.getStringArray("name")))
			.collect(Collectors.joining(","));
	}

}
