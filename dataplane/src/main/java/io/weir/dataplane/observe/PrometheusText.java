package io.weir.dataplane.observe;

import io.weir.dataplane.observe.CounterLabel.Kind;
import java.util.Map;

/**
 * Counters in the Prometheus text format, version 0.0.4. A worker's number is a sample with the label {@code worker}; a
 * reason that never occurred has no sample.
 */
public final class PrometheusText {
    private final StringBuilder text = new StringBuilder(16_384);

    private PrometheusText() {}

    /** The whole page. */
    public static String of(CounterSnapshot counters) {
        final PrometheusText page = new PrometheusText();
        page.ports(counters);
        page.drops(counters);
        page.workers(counters);
        page.values(counters);
        return page.text.toString();
    }

    private void ports(CounterSnapshot counters) {
        for (final PortNumber number : PortNumber.values()) {
            final String name = "weir_port_" + underscored(number.label()) + "_total";
            head(name, number.sentence(), "counter");
            for (final CountedPort port : counters.ports()) {
                for (int worker = 0; worker < counters.workerCount(); worker++) {
                    text.append(name).append("{port=\"").append(escaped(port.name()));
                    text.append("\",role=\"").append(port.role());
                    text.append("\",worker=\"").append(worker).append("\"} ");
                    text.append(counters.port(worker, port, number)).append('\n');
                }
            }
        }
    }

    private void drops(CounterSnapshot counters) {
        final String name = "weir_dropped_packets_total";
        head(name, "Packets that were dropped, by reason.", "counter");
        for (final CounterLabel reason : counters.labels(Kind.DROP)) {
            for (int worker = 0; worker < counters.workerCount(); worker++) {
                if (counters.worker(worker, reason) != 0) {
                    text.append(name).append("{reason=\"").append(reason.label());
                    text.append("\",worker=\"").append(worker).append("\"} ");
                    text.append(counters.worker(worker, reason)).append('\n');
                }
            }
        }
    }

    private void workers(CounterSnapshot counters) {
        for (final CounterLabel counter : counters.labels(Kind.COUNTER)) {
            final String name = "weir_" + underscored(counter.label()) + "_total";
            head(name, counter.sentence(), "counter");
            for (int worker = 0; worker < counters.workerCount(); worker++) {
                text.append(name).append("{worker=\"").append(worker).append("\"} ");
                text.append(counters.worker(worker, counter)).append('\n');
            }
        }
    }

    private void values(CounterSnapshot counters) {
        for (final Map.Entry<String, Long> value : counters.values().entrySet()) {
            final String name = "weir_" + underscored(value.getKey());
            head(name, "The node's " + value.getKey().replace('/', ' ').replace('-', ' ') + ".", "gauge");
            text.append(name).append(' ').append(value.getValue()).append('\n');
        }
        head("weir_start_time_seconds", "When this weir started, in seconds since 1970.", "gauge");
        text.append("weir_start_time_seconds ")
                .append(counters.startedNs() / 1_000_000_000L)
                .append('\n');
    }

    private void head(String name, String sentence, String type) {
        text.append("# HELP ").append(name).append(' ');
        text.append(sentence.replace("\\", "\\\\").replace("\n", "\\n")).append('\n');
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private static String underscored(String label) {
        return label.replaceAll("[^A-Za-z0-9]", "_");
    }

    private static String escaped(String value) {
        return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }
}
