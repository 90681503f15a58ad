package io.weir.tools.demo;

import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the nodes have dropped, as their metrics tell: by node and reason. */
final class DemoDrops {
    private static final Pattern SAMPLE =
            Pattern.compile("weir_dropped_packets_total\\{reason=\"([^\"]+)\"[^}]*} (\\d+)");

    private DemoDrops() {}

    static Map<String, Long> of(DemoCluster cluster) {
        final Map<String, Long> drops = new TreeMap<>();
        for (final String node : DemoCluster.NODES) {
            final Matcher samples = SAMPLE.matcher(
                    cluster.run(node, "curl", "-s", "--noproxy", "*", "-m", "5", "http://127.0.0.1:9095/metrics")
                            .text());
            while (samples.find()) {
                drops.merge(node + " " + samples.group(1), Long.parseLong(samples.group(2)), Long::sum);
            }
        }
        return drops;
    }

    /** What came to it since then, as the end of a sentence; empty when nothing did. */
    static String since(Map<String, Long> before, Map<String, Long> now) {
        final StringBuilder text = new StringBuilder();
        now.forEach((name, count) -> {
            final long more = count - before.getOrDefault(name, 0L);
            if (more > 0) {
                text.append(text.isEmpty() ? "; dropped meanwhile: " : ", ")
                        .append(name)
                        .append(' ')
                        .append(more);
            }
        });
        return text.toString();
    }
}
