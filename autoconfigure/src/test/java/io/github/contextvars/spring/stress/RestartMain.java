package io.github.contextvars.spring.stress;

import java.io.File;
import java.io.IOException;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

import ch.qos.logback.classic.LoggerContext;
import io.micrometer.context.ContextRegistry;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import org.apache.catalina.WebResourceRoot;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.loader.WebappLoader;
import org.apache.catalina.startup.Tomcat;
import org.apache.catalina.webresources.DirResourceSet;
import org.apache.catalina.webresources.FileResourceSet;
import org.apache.catalina.webresources.StandardRoot;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.core.env.Environment;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.web.WebApplicationInitializer;

import io.github.contextvars.Context;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.web.servlet.ContextFilter;

/**
 * A servlet container that starts and stops an application over and over. The library and
 * the application are the application's own classes, in a class loader of their own at
 * each start; Spring and all else belong to the container, and so do the request threads.
 * Prints how many class loaders are left, and what Tomcat's leak check had to say.
 */
public final class RestartMain {

	private final Tomcat tomcat = new Tomcat();

	private final List<WeakReference<ClassLoader>> loaders = new ArrayList<>();

	private final ReferenceQueue<ClassLoader> collected = new ReferenceQueue<>();

	private final HttpClient client = HttpClient.newHttpClient();

	private final Path directory = Files.createTempDirectory("tomcat");

	private final String changed;

	private RestartMain(String changed) throws IOException {
		this.changed = changed;
		this.tomcat.setBaseDir(this.directory.toString());
		this.tomcat.setPort(0);
		// While it looks at an application, the leak check takes it for a thread of that.
		this.tomcat.getEngine().setBackgroundProcessorDelay(-1);
	}

	public static void main(String[] arguments) {
		try {
			run(arguments);
			System.exit(0);
		}
		catch (Exception ex) {
			// The container's threads would keep the JVM alive.
			ex.printStackTrace();
			System.exit(1);
		}
	}

	private static void run(String[] arguments) throws Exception {
		prepareSharedState();
		Queue<String> warnings = new ConcurrentLinkedQueue<>();
		Logger leakCheck = Logger.getLogger("org.apache.catalina.loader.WebappClassLoaderBase");
		leakCheck.addHandler(new Warnings(warnings));
		RestartMain container = new RestartMain(arguments[2]);
		container.tomcat.getConnector();
		container.tomcat.start();
		for (int i = 0; i < Integer.parseInt(arguments[0]); i++) {
			container.startAndStop(arguments[1]);
		}
		forgetLastEnvironment();
		System.out.println(container.countLeft() + " class loaders left, " + warnings.size() + " warnings");
		warnings.forEach(System.out::println);
	}

	// Micrometer's registry and Spring Boot's shared converter keep the class loader that
	// they are first used with, for good: here that of the container.
	private static void prepareSharedState() {
		ContextRegistry.getInstance();
		new Binder(new MapConfigurationPropertySource(Map.of("any", "1"))).bind("any", Integer.class);
	}

	// Spring Boot leaves it with the Logback that all applications share.
	private static void forgetLastEnvironment() {
		((LoggerContext) LoggerFactory.getILoggerFactory()).putObject(Environment.class.getName(),
				new StandardEnvironment());
	}

	private void startAndStop(String path) throws Exception {
		StandardContext application = new StandardContext();
		application.setName("");
		application.setPath("");
		application.setDocBase(this.directory.toString());
		application.setParentClassLoader(RestartMain.class.getClassLoader());
		application.addLifecycleListener(new Tomcat.FixContextListener());
		application.setLoader(new WebappLoader());
		application.setResources(classesOfTheApplication(application));
		application.addServletContainerInitializer((classes, context) -> start(context), null);
		this.tomcat.getHost().addChild(application);
		for (int i = 0; i < 3; i++) {
			HttpResponse<String> response = this.client.send(HttpRequest
				.newBuilder(URI.create("http://localhost:" + this.tomcat.getConnector().getLocalPort() + path))
				.build(), HttpResponse.BodyHandlers.ofString());
			if (response.statusCode() != 200) {
				throw new IllegalStateException(response.statusCode() + " " + response.body());
			}
		}
		this.loaders.add(new WeakReference<>(application.getLoader().getClassLoader(), this.collected));
		application.stop();
		this.tomcat.getHost().removeChild(application);
		application.destroy();
	}

	private WebResourceRoot classesOfTheApplication(StandardContext application) throws Exception {
		WebResourceRoot resources = new StandardRoot(application);
		resources.addPreResources(new DirResourceSet(resources, "/WEB-INF/classes", this.changed, "/"));
		for (Class<?> type : List.of(Context.class, ContextFilter.class, ContextVarsAutoConfiguration.class,
				RestartMain.class)) {
			File place = Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toFile();
			resources.addPreResources(
					place.isDirectory() ? new DirResourceSet(resources, "/WEB-INF/classes", place.getPath(), "/")
							: new FileResourceSet(resources, "/WEB-INF/lib/" + place.getName(), place.getPath(), "/"));
		}
		return resources;
	}

	private static void start(ServletContext context) throws ServletException {
		try {
			Class<?> type = context.getClassLoader().loadClass(RestartApplication.class.getName());
			if (type.getClassLoader() != context.getClassLoader()) {
				throw new IllegalStateException("not the application's own " + type);
			}
			((WebApplicationInitializer) type.getConstructor().newInstance()).onStartup(context);
		}
		catch (ReflectiveOperationException ex) {
			throw new ServletException(ex);
		}
	}

	private int countLeft() throws InterruptedException {
		int left = this.loaders.size();
		for (int attempt = 0; left > 0 && attempt < 50; attempt++) {
			System.gc();
			while (left > 0 && this.collected.remove(100) != null) {
				left--;
			}
		}
		return left;
	}

	private static final class Warnings extends Handler {

		private final Queue<String> warnings;

		private Warnings(Queue<String> warnings) {
			this.warnings = warnings;
		}

		@Override
		public void publish(LogRecord entry) {
			if (entry.getLevel().intValue() >= Level.WARNING.intValue()) {
				this.warnings.add(entry.getMessage());
			}
		}

		@Override
		public void flush() {
			// Nothing is kept back.
		}

		@Override
		public void close() {
			// Nothing to close.
		}

	}

}
