package io.github.contextvars.benchmarks.report;

import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * SVG plot of one operation's figures: a panel for each number of variables, a bar for
 * each peer, and one scale, which is logarithmic where the figures lie far apart. Follows
 * the reader's preference for light or dark.
 */
final class BarPlot {

	private static final int NAMES = 188;

	private static final int PANEL = 150;

	private static final int ROW = 24;

	private static final int TOP = 84;

	private static final String STYLE = """
			svg { background: #ffffff; font: 12px system-ui, -apple-system, "Segoe UI", sans-serif }
			text { fill: #1f2328 } .title { font-size: 16px; font-weight: 600 } .note { fill: #59636e }
			.head { font-weight: 600 } .end { text-anchor: end } .back { fill: #ffffff }
			.bar { fill: #a9b4c0 } .ours { fill: #0a66c2 } .bold { font-weight: 600 } .axis { stroke: #c9d1d9 }
			@media (prefers-color-scheme: dark) {
			text { fill: #e6edf3 } .note { fill: #9198a1 } .back { fill: #0d1117 } svg { background: #0d1117 }
			.bar { fill: #57606a } .ours { fill: #4f9cf0 } .axis { stroke: #3d444d }
			}
			""";

	private final Figures peers;

	private final boolean logarithmic;

	private final StringBuilder svg = new StringBuilder();

	private BarPlot(Figures peers, boolean logarithmic) {
		this.peers = peers;
		this.logarithmic = logarithmic;
	}

	static String draw(String title, Figures peers) {
		return new BarPlot(peers, true).draw(title,
				"Nanoseconds, median; shorter is better. Logarithmic scale: bars begin at 1 ns.");
	}

	static String drawLinear(String title, String unit, Figures peers) {
		return new BarPlot(peers, false).draw(title, unit + ", median; shorter is better.");
	}

	private String draw(String title, String note) {
		Map<String, String> names = this.peers.names();
		int width = Math.max(560, NAMES + PANEL * this.peers.counts().length + 16);
		int height = TOP + ROW * names.size() + 16;
		add("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">",
				width, height, width, height);
		add("<title>%s</title>", title);
		this.svg.append("<style>\n").append(STYLE).append("</style>\n");
		add("<rect class=\"back\" width=\"%d\" height=\"%d\"/>", width, height);
		text(16, 28, "title", title);
		text(16, 48, "note", note);
		int y = TOP;
		for (Map.Entry<String, String> name : names.entrySet()) {
			boolean ours = name.getKey().equals("contextVars");
			text(NAMES - 12, y + 16, ours ? "end bold" : "end", name.getValue());
			row(name.getKey(), ours, y);
			y += ROW;
		}
		panels(y);
		return this.svg.append("</svg>\n").toString();
	}

	private void panels(int bottom) {
		int x = NAMES;
		for (int count : this.peers.counts()) {
			if (count > 0) {
				text(x, TOP - 10, "head", Peers.variables(count));
			}
			add("<path class=\"axis\" d=\"M%d %dV%d\"/>", x, TOP, bottom);
			x += PANEL;
		}
	}

	private void row(String peer, boolean ours, int y) {
		int x = NAMES;
		for (int count : this.peers.counts()) {
			OptionalDouble time = this.peers.time(peer, count);
			if (time.isPresent()) {
				int length = length(time.getAsDouble());
				add("<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", ours ? "ours" : "bar", x,
						y + 3, length, ROW - 6);
				text(x + length + 5, y + 16, ours ? "bold" : "", Peers.format(time.getAsDouble()));
			}
			x += PANEL;
		}
	}

	// The longest bar leaves space for its figure.
	private int length(double nanos) {
		double longest = 10;
		for (String peer : this.peers.names().keySet()) {
			for (int count : this.peers.counts()) {
				longest = Math.max(longest, this.peers.time(peer, count).orElse(1));
			}
		}
		double share = this.logarithmic ? Math.log(Math.max(nanos, 1)) / Math.log(longest) : nanos / longest;
		return (int) Math.max(1, Math.round((panel() - 70) * share));
	}

	// A single panel is as wide as the plot.
	private int panel() {
		return (this.peers.counts().length == 1) ? 560 - NAMES - 16 : PANEL;
	}

	private void text(int x, int y, String styles, String text) {
		add("<text x=\"%d\" y=\"%d\" class=\"%s\">%s</text>", x, y, styles, text);
	}

	private void add(String format, Object... arguments) {
		this.svg.append(String.format(Locale.ROOT, format, arguments)).append('\n');
	}

}
