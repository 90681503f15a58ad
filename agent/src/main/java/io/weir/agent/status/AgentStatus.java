package io.weir.agent.status;

import io.weir.dataplane.observe.CounterView;
import io.weir.dataplane.observe.NodeFiles;
import io.weir.dataplane.observe.PrometheusText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How the daemon is doing. Its parts say what they know, any thread asks; nothing here waits.
 *
 * <p>Alive means that the control thread turns; ready, that a first state is in force; eligible, that load balancers may send
 * new connections here. An API server that is away changes none of them: forwarding goes on.
 */
public final class AgentStatus {
    /** A control thread that compiles the tables of a large cluster is still alive. */
    private static final long STALLED_NS = 20_000_000_000L;

    private final Map<String, Value> values = new ConcurrentHashMap<>();
    private final List<Consumer<StringBuilder>> sections = new ArrayList<>();
    private volatile long turnedNs = System.nanoTime();
    private volatile @Nullable Path directory;
    private volatile String waitingFor = "its start";
    private volatile BooleanSupplier isLeaving = () -> false;

    /** @param type as Prometheus has it: gauge or counter */
    private record Value(String sentence, String type, DoubleSupplier now) {}

    /** Adds a number to the metrics. */
    public void gauge(String name, String sentence, DoubleSupplier now) {
        values.put(name, new Value(sentence, "gauge", now));
    }

    /** Adds a number that only grows to the metrics; its name ends with {@code _total}. */
    public void counter(String name, String sentence, DoubleSupplier now) {
        values.put(name, new Value(sentence, "counter", now));
    }

    /**
     * Adds lines to the metrics, in Prometheus' text format, until the section is closed. Closing waits for a page that is
     * being made, so that what the lines are made of may go then.
     */
    public Section section(Consumer<StringBuilder> lines) {
        synchronized (sections) {
            sections.add(lines);
        }
        return () -> {
            synchronized (sections) {
                sections.remove(lines);
            }
        };
    }

    /** Lines of the metrics; {@link #close} takes them out. */
    @FunctionalInterface
    public interface Section extends AutoCloseable {
        @Override
        void close();
    }

    /** Control thread: in each of its turns. */
    public void turned(long nowNs) {
        turnedNs = nowNs;
    }

    /** What stands between now and readiness. */
    public void waiting(String what) {
        waitingFor = what;
    }

    /** The first state is in force, and the node's counters are in this directory. */
    public void ready(Path runDirectory) {
        directory = runDirectory;
    }

    /** Who knows whether the node is about to be removed. */
    public void leaving(BooleanSupplier question) {
        isLeaving = question;
    }

    /** Empty when load balancers may send new connections here; else why not. */
    String notEligible() {
        return isLeaving.getAsBoolean() ? "the node is about to be removed" : notAlive();
    }

    /** Empty when the daemon lives; else what is wrong. */
    String notAlive() {
        final long silentNs = System.nanoTime() - turnedNs;
        return silentNs < STALLED_NS
                ? ""
                : "the control thread has been silent for " + silentNs / 1_000_000_000L + " s";
    }

    /** Empty when the node forwards as configured; else what is missing. */
    String notReady() {
        return directory == null ? "waiting for " + waitingFor : notAlive();
    }

    /** The page for Prometheus, version 0.0.4 of the text format. */
    String metrics() throws IOException {
        final StringBuilder page = new StringBuilder(32_768);
        final Path files = directory;
        if (files != null) {
            try (CounterView counters = CounterView.open(files.resolve(NodeFiles.COUNTERS))) {
                page.append(PrometheusText.of(counters.snapshot()));
            }
        }
        final Map<String, Value> all = new TreeMap<>(values);
        all.put("weir_ready", new Value("1 when the node forwards as configured.", "gauge", () -> isReady() ? 1 : 0));
        all.forEach((name, value) -> metric(page, name, value));
        ProcessMetrics.all()
                .forEach((name, value) -> metric(page, name, new Value(value.sentence(), value.type(), value::now)));
        synchronized (sections) {
            sections.forEach(lines -> lines.accept(page));
        }
        return page.toString();
    }

    private boolean isReady() {
        return notReady().isEmpty();
    }

    private static void metric(StringBuilder page, String name, Value value) {
        page.append("# HELP ").append(name).append(' ').append(value.sentence).append('\n');
        page.append("# TYPE ").append(name).append(' ').append(value.type).append('\n');
        final double now = value.now.getAsDouble();
        page.append(name)
                .append(' ')
                .append(
                        now == Math.rint(now) && Math.abs(now) < 1e15
                                ? Long.toString((long) now)
                                : Double.toString(now))
                .append('\n');
    }
}
