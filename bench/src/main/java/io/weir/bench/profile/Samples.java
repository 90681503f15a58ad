package io.weir.bench.profile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedStackTrace;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the forwarding thread many times a second with the JDK's flight recorder, and counts in which phase it is. Inlined
 * methods are seen as well, which a counter in the code could not do without changing what it counts.
 */
final class Samples {
    private static final Duration PERIOD = Duration.ofMillis(1);
    private static final String EVENT = "jdk.ExecutionSample";

    private final Map<Phase, Integer> counts = new EnumMap<>(Phase.class);
    private final Map<Phase, Integer> actCounts = new EnumMap<>(Phase.class);
    private final Map<String, Integer> lines = new HashMap<>();
    private int acting;
    private int total;

    /** Something that takes a while. */
    interface Work {
        void run() throws InterruptedException;
    }

    /**
     * Samples while the work runs.
     *
     * @param threadName of the thread that forwards
     */
    static Samples during(Work work, String threadName) throws IOException, InterruptedException {
        final Path file = Files.createTempFile("weir-bench", ".jfr");
        file.toFile().deleteOnExit(); // after Ctrl-C
        try (Recording recording = new Recording()) {
            recording.enable(EVENT).withPeriod(PERIOD).withStackTrace();
            recording.start();
            work.run();
            recording.stop();
            recording.dump(file);
            return new Samples(RecordingFile.readAllEvents(file), threadName);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private Samples(List<RecordedEvent> events, String threadName) {
        for (final RecordedEvent event : events) {
            if (event.getEventType().getName().equals(EVENT)
                    && event.getThread("sampledThread").getJavaName().equals(threadName)) {
                final Phase phase = phaseOf(event.getStackTrace());
                counts.merge(phase, 1, Integer::sum);
                if (isActing(event.getStackTrace())) {
                    actCounts.merge(phase, 1, Integer::sum);
                    acting++;
                }
                lines.merge(lineOf(event.getStackTrace()), 1, Integer::sum);
                total++;
            }
        }
    }

    private static Phase phaseOf(@Nullable RecordedStackTrace trace) {
        if (trace != null) {
            for (final RecordedFrame frame : trace.getFrames()) {
                final Phase phase =
                        Phase.of(simpleName(frame), frame.getMethod().getName());
                if (phase != null) {
                    return phase;
                }
            }
        }
        return Phase.LOOP;
    }

    /** Whether the thread was carrying out what flow entries say, packet by packet. */
    private static boolean isActing(@Nullable RecordedStackTrace trace) {
        return trace != null
                && trace.getFrames().stream()
                        .anyMatch(frame -> simpleName(frame).equals("FastPath")
                                && frame.getMethod().getName().equals("act"));
    }

    /** The innermost line that belongs to a phase: {@code Rewriter.rewriteIpv4:120}. */
    private static String lineOf(@Nullable RecordedStackTrace trace) {
        if (trace != null) {
            for (final RecordedFrame frame : trace.getFrames()) {
                final String name = simpleName(frame);
                if (Phase.of(name, frame.getMethod().getName()) != null) {
                    return name + "." + frame.getMethod().getName() + ":" + frame.getLineNumber();
                }
            }
        }
        return "elsewhere";
    }

    private static String simpleName(RecordedFrame frame) {
        final String name = frame.getMethod().getType().getName();
        return name.substring(name.lastIndexOf('.') + 1);
    }

    /** The lines that were seen most often, with their shares. */
    List<Profile.Line> hottest(int count) {
        return lines.entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue()
                        .reversed()
                        .thenComparing(Map.Entry.comparingByKey()))
                .limit(count)
                .map(line -> new Profile.Line(line.getKey(), (double) line.getValue() / total))
                .toList();
    }

    /** A phase's share of the looks that saw the thread in the flow entries' turn. */
    double shareOfAct(Phase phase) {
        return acting == 0 ? 0 : (double) actCounts.getOrDefault(phase, 0) / acting;
    }

    int total() {
        return total;
    }

    /** Of all samples. */
    double share(Phase phase) {
        return total == 0 ? 0 : (double) counts.getOrDefault(phase, 0) / total;
    }
}
