import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.stream.Stream;

import javax.xml.parsers.DocumentBuilderFactory;

import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/**
 * Compares the artifacts in a directory, as 'mvn deploy' leaves them, with what Maven Central asks for and with what this
 * project promises. Prints a table and each thing that is missing, and fails if there is one.
 *
 * <pre>java ReleaseCheck.java DIRECTORY VERSION</pre>
 *
 * Runs in the root of the sources, whose LICENSE, NOTICE and element lists it compares. Needs 'gpg' and the key.
 */
final class ReleaseCheck {

	private static final String GROUP = "io.github.contextvars";

	private static final String BOM = "contextvars-bom";

	private static final List<String> COLUMNS = List.of("pom", "dependencies", "files", "checksums", "signatures",
			"licence", "manifest", "javadoc");

	private static final int SHOWN = 20;

	private final Path directory;

	private final String version;

	private final Map<String, Map<String, String>> table = new TreeMap<>();

	private final List<String> problems = new ArrayList<>();

	private String artifact = "";

	private ReleaseCheck(Path directory, String version) {
		this.directory = directory.resolve(GROUP.replace('.', '/'));
		this.version = version;
	}

	public static void main(String[] args) throws Exception {
		ReleaseCheck check = new ReleaseCheck(Path.of(args[0]), args[1]);
		check.run();
		check.print();
		System.exit(check.problems.isEmpty() ? 0 : 1);
	}

	private void run() throws Exception {
		List<String> published;
		try (Stream<Path> directories = Files.list(this.directory).filter(Files::isDirectory)) {
			published = directories.map((path) -> path.getFileName().toString()).sorted().toList();
		}
		for (String name : published) {
			this.artifact = name;
			column("pom", () -> pom());
			column("dependencies", () -> dependencies());
			column("files", () -> files());
			column("checksums", () -> checksums());
			column("signatures", () -> signatures());
			if (!isPom()) {
				column("licence", () -> licence());
				column("manifest", () -> manifest());
				column("javadoc", () -> javadoc());
			}
		}
		this.artifact = BOM;
		TreeSet<String> managed = new TreeSet<>(List.of(BOM));
		elements(read().getDocumentElement(), "dependencyManagement", "dependencies", "dependency")
			.forEach((dependency) -> managed.add(text(dependency, "artifactId")));
		TreeSet<String> others = new TreeSet<>(managed);
		others.removeAll(published);
		require(others.isEmpty(), "manages what is not published: " + others);
		others = new TreeSet<>(published);
		others.removeAll(managed);
		require(others.isEmpty(), "does not manage " + others);
	}

	private void pom() throws Exception {
		Element project = read().getDocumentElement();
		for (String name : List.of("name", "description", "url", "licenses/license/name", "licenses/license/url",
				"developers/developer/name", "scm/connection", "scm/developerConnection", "scm/url")) {
			String value = text(project, name.split("/"));
			require(!value.isBlank() && !value.contains("${"), "the pom has no " + name + ": '" + value + "'");
		}
		require(text(project, "groupId").equals(GROUP) && text(project, "artifactId").equals(this.artifact)
				&& text(project, "version").equals(this.version), "the pom has other coordinates");
		require(text(project, "scm", "tag").equals("v" + this.version), "the tag is not v" + this.version);
		List<String> unwanted = new ArrayList<>(
				List.of("parent", "build", "profiles", "properties", "repositories", "distributionManagement"));
		if (!this.artifact.equals(BOM)) {
			unwanted.add("dependencyManagement");
		}
		unwanted.forEach((name) -> require(elements(project, name).isEmpty(), "the pom has <" + name + ">"));
	}

	// Spring, Kotlin and Micrometer's core are the application's: it decides on their versions.
	private void dependencies() throws Exception {
		Element project = read().getDocumentElement();
		List<Element> dependencies = new ArrayList<>(elements(project, "dependencies", "dependency"));
		dependencies.addAll(elements(project, "dependencyManagement", "dependencies", "dependency"));
		for (Element dependency : dependencies) {
			String group = text(dependency, "groupId");
			String name = group + ":" + text(dependency, "artifactId");
			String version = text(dependency, "version");
			require(version.matches("\\d[-.\\w]*") && !version.endsWith("-SNAPSHOT"), name + " has version '" + version + "'");
			require(!group.equals(GROUP) || version.equals(this.version), name + " has version " + version);
			require(Files.isDirectory(this.directory.resolve(text(dependency, "artifactId"))) == group.equals(GROUP),
					name + " is not published");
			boolean transitive = text(dependency, "optional").isEmpty()
					&& List.of("", "compile", "runtime").contains(text(dependency, "scope"));
			require(!transitive || !group.startsWith("org.springframework") && !group.startsWith("org.jetbrains"),
					name + " would be upgraded in applications");
		}
	}

	private void files() throws Exception {
		List<String> suffixes = new ArrayList<>(List.of(".pom", "-cyclonedx.json"));
		if (!isPom()) {
			suffixes.addAll(List.of(".jar", "-sources.jar", "-javadoc.jar"));
		}
		suffixes.forEach((suffix) -> require(Files.isRegularFile(file(suffix)), "no " + file(suffix).getFileName()));
		try (Stream<Path> versions = Files.list(this.directory.resolve(this.artifact)).filter(Files::isDirectory)) {
			require(versions.count() == 1, "there is more than one version");
		}
	}

	private void checksums() throws Exception {
		for (Path file : published()) {
			for (String algorithm : List.of("MD5", "SHA-1")) {
				String suffix = "." + algorithm.toLowerCase().replace("-", "");
				Path checksum = file.resolveSibling(file.getFileName() + suffix);
				String expected = HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(Files.readAllBytes(file)));
				require(Files.exists(checksum) && Files.readString(checksum).strip().equals(expected),
						checksum.getFileName() + " is missing or wrong");
			}
		}
	}

	private void signatures() throws Exception {
		for (Path file : published()) {
			Path signature = file.resolveSibling(file.getFileName() + ".asc");
			Process gpg = new ProcessBuilder("gpg", "--batch", "--quiet", "--verify", signature.toString(), file.toString())
				.redirectErrorStream(true)
				.start();
			String output = new String(gpg.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			require(gpg.waitFor() == 0, signature.getFileName() + " is missing or wrong: " + output.lines().findFirst().orElse(""));
		}
	}

	private void licence() throws IOException {
		for (String suffix : List.of(".jar", "-sources.jar", "-javadoc.jar")) {
			for (String name : List.of("LICENSE", "NOTICE")) {
				require(Arrays.equals(entry(suffix, "META-INF/" + name), Files.readAllBytes(Path.of(name))),
						"no META-INF/" + name + " in " + file(suffix).getFileName());
			}
		}
	}

	private void manifest() throws IOException {
		try (JarFile jar = new JarFile(file(".jar").toFile())) {
			Manifest manifest = jar.getManifest();
			String module = manifest.getMainAttributes().getValue("Automatic-Module-Name");
			require((module != null) != (jar.getEntry("module-info.class") != null), "neither or both a module and a name of one");
			require(module == null || module.startsWith(GROUP), "the module's name is " + module);
			require(this.version.equals(manifest.getMainAttributes().getValue("Implementation-Version")),
					"the manifest has another version");
		}
	}

	// What has no code has a README instead, as Central allows.
	private void javadoc() throws IOException {
		boolean code;
		try (JarFile jar = new JarFile(file(".jar").toFile()); JarFile sources = new JarFile(file("-sources.jar").toFile())) {
			code = jar.stream().anyMatch((entry) -> entry.getName().endsWith(".class"));
			require(code == sources.stream().anyMatch((entry) -> entry.getName().matches(".*\\.(java|kt)")), "there are no sources");
		}
		require(entry("-javadoc.jar", code ? "index.html" : "README.md").length > 0, "the Javadoc is empty");
		Path list = Path.of(".mvn/javadoc", this.artifact, "element-list");
		if (Files.exists(list)) {
			String packages = new String(entry("-javadoc.jar", "element-list"), StandardCharsets.UTF_8).replaceAll("module:.*\n", "");
			require(packages.equals(Files.readString(list)), list + " is not that of the Javadoc");
		}
	}

	private void column(String name, Check check) throws Exception {
		int before = this.problems.size();
		try {
			check.run();
		}
		catch (IOException ex) {
			require(false, ex.toString());
		}
		this.table.computeIfAbsent(this.artifact, (key) -> new LinkedHashMap<>())
			.put(name, this.problems.size() == before ? "ok" : "FAILED");
	}

	private void print() {
		System.out.printf("%-38s" + " %-12s".repeat(COLUMNS.size()) + "%n", table("artifact", COLUMNS));
		this.table.forEach((name, row) -> System.out.printf("%-38s" + " %-12s".repeat(COLUMNS.size()) + "%n",
				table(name, COLUMNS.stream().map((column) -> row.getOrDefault(column, "-")).toList())));
		this.problems.stream().limit(SHOWN).forEach(System.out::println);
		if (this.problems.size() > SHOWN) {
			System.out.println("and " + (this.problems.size() - SHOWN) + " more");
		}
	}

	private static Object[] table(String first, List<String> others) {
		return Stream.concat(Stream.of(first), others.stream()).toArray();
	}

	private void require(boolean condition, String problem) {
		if (!condition) {
			this.problems.add(this.artifact + ": " + problem);
		}
	}

	private boolean isPom() throws Exception {
		return Files.exists(file(".pom")) && text(read().getDocumentElement(), "packaging").equals("pom");
	}

	private Path file(String suffix) {
		return this.directory.resolve(this.artifact).resolve(this.version).resolve(this.artifact + "-" + this.version + suffix);
	}

	private List<Path> published() throws IOException {
		try (Stream<Path> files = Files.list(file("").getParent())) {
			return files.filter((file) -> file.toString().matches(".*\\.(pom|jar|json)")).sorted().toList();
		}
	}

	private byte[] entry(String suffix, String name) throws IOException {
		try (JarFile jar = new JarFile(file(suffix).toFile())) {
			if (jar.getEntry(name) == null) {
				return new byte[0];
			}
			try (InputStream content = jar.getInputStream(jar.getEntry(name))) {
				return content.readAllBytes();
			}
		}
	}

	private Document read() throws Exception {
		return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file(".pom").toFile());
	}

	private static String text(Element parent, String... path) {
		List<Element> elements = elements(parent, path);
		return elements.isEmpty() ? "" : elements.get(0).getTextContent().strip();
	}

	private static List<Element> elements(Element parent, String... path) {
		List<Element> elements = List.of(parent);
		for (String name : path) {
			elements = elements.stream().flatMap((element) -> children(element, name)).toList();
		}
		return elements;
	}

	private static Stream<Element> children(Element parent, String name) {
		List<Element> children = new ArrayList<>();
		for (Node child = parent.getFirstChild(); child != null; child = child.getNextSibling()) {
			if (child.getNodeName().equals(name)) {
				children.add((Element) child);
			}
		}
		return children.stream();
	}

	@FunctionalInterface
	private interface Check {

		void run() throws Exception;

	}

}
