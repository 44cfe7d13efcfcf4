package io.github.contextvars.spring.jfr;

import java.lang.annotation.Annotation;
import java.lang.module.ModuleDescriptor;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import jdk.jfr.AnnotationElement;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.EventFactory;
import jdk.jfr.EventType;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.ValueDescriptor;
import org.jspecify.annotations.Nullable;

import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.registry.ValueFormatter;
import io.github.contextvars.spring.work.UnitOfWork;

/**
 * Type of the events of an application's units of work, with a field for each observed
 * variable. It is made at run time, as the variables are not known before, and once in a
 * JVM for the same fields, as Flight Recorder keeps the classes of events.
 */
final class WorkEventType {

	private static final Map<List<Field>, EventFactory> FACTORIES = new ConcurrentHashMap<>();

	private static final Field KIND = new Field("kind", "Kind", "Kind of the unit of work", false);

	private static final Field ORIGIN = new Field("origin", "Origin", "What the unit of work was started by", true);

	// Fields that all events have.
	private static final List<String> TAKEN = List.of(KIND.name(), ORIGIN.name(), "startTime", "duration",
			"eventThread", "stackTrace");

	private static final @Nullable Class<? extends Annotation> CONTEXTUAL = contextual();

	private final WeakReference<List<ContextVariableRegistry>> applications;

	private final List<ContextVariableRegistry.Declaration> observed;

	private final EventFactory factory;

	private final EventType type;

	/**
	 * Create a type.
	 * @param variables the declared variables
	 * @param applications those of all applications in this JVM, any of which may declare
	 * a variable sensitive
	 */
	WorkEventType(ContextVariableRegistry variables, List<ContextVariableRegistry> applications) {
		this.applications = new WeakReference<>(applications);
		this.observed = variables.all()
			.stream()
			.filter(ContextVariableRegistry.Declaration::observed)
			.filter((declaration) -> !variables.isSensitive(declaration.variable()))
			.toList();
		this.factory = FACTORIES.computeIfAbsent(fields(this.observed), WorkEventType::newFactory);
		this.type = this.factory.getEventType();
	}

	/**
	 * Return whether this type is up to date.
	 * @param applications the variables of the applications that run now
	 * @return whether no application has started or ended since this type was made
	 */
	boolean isFor(List<ContextVariableRegistry> applications) {
		return this.applications.refersTo(applications);
	}

	boolean isEnabled() {
		return this.type.isEnabled();
	}

	Event begin() {
		Event event = this.factory.newEvent();
		event.begin();
		return event;
	}

	/**
	 * End an event with the values that the unit of work has now. No code of a value is
	 * called.
	 * @param event the event
	 * @param unit the unit of work, which the calling thread is in
	 */
	void end(Event event, UnitOfWork unit) {
		event.end();
		if (event.shouldCommit()) {
			event.set(0, unit.kind().toString());
			event.set(1, ValueFormatter.line(unit.origin()));
			for (int i = 0; i < this.observed.size(); i++) {
				event.set(2 + i, this.observed.get(i).lineIn(unit.context()));
			}
			event.commit();
		}
	}

	private static List<Field> fields(List<ContextVariableRegistry.Declaration> observed) {
		List<Field> fields = new ArrayList<>(List.of(KIND, ORIGIN));
		Set<String> taken = new HashSet<>(TAKEN);
		for (ContextVariableRegistry.Declaration declaration : observed) {
			String name = declaration.name().replaceAll("\\P{javaJavaIdentifierPart}", "_");
			while (!isIdentifier(name) || !taken.add(name)) {
				name = "_" + name;
			}
			fields.add(new Field(name, declaration.name(), declaration.description(), true));
		}
		return fields;
	}

	// Modules are named by the rules of fields, which leave out keywords.
	private static boolean isIdentifier(String name) {
		try {
			ModuleDescriptor.newModule(name);
			return true;
		}
		catch (IllegalArgumentException ex) {
			return false;
		}
	}

	private static EventFactory newFactory(List<Field> fields) {
		return EventFactory.create(
				List.of(new AnnotationElement(Name.class, "io.github.contextvars.Work"),
						new AnnotationElement(Label.class, "Unit of Work"),
						new AnnotationElement(Category.class, new String[] { "contextvars" }),
						new AnnotationElement(Description.class,
								"Unit of work on a thread, with its values in the end"),
						new AnnotationElement(StackTrace.class, false)),
				fields.stream().map(Field::descriptor).toList());
	}

	// Since Java 25: tools show the values beside the events inside.
	private static @Nullable Class<? extends Annotation> contextual() {
		try {
			return Class.forName("jdk.jfr.Contextual").asSubclass(Annotation.class);
		}
		catch (ClassNotFoundException ex) {
			return null;
		}
	}

	private record Field(String name, String label, String description, boolean contextual) {

		ValueDescriptor descriptor() {
			List<AnnotationElement> annotations = new ArrayList<>();
			annotations.add(new AnnotationElement(Label.class, this.label));
			annotations.add(new AnnotationElement(Description.class, this.description));
			if (this.contextual && CONTEXTUAL != null) {
				annotations.add(new AnnotationElement(CONTEXTUAL));
			}
			return new ValueDescriptor(String.class, this.name, annotations);
		}

	}

}
