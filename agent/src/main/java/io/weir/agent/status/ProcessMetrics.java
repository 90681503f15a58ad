package io.weir.agent.status;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.StringTokenizer;
import java.util.TreeMap;
import java.util.function.DoubleSupplier;

/** Numbers of the process and its virtual machine, under the names that Prometheus' own client libraries use. */
final class ProcessMetrics {
    private static final int PAGE_BYTES = 4096;

    private ProcessMetrics() {}

    record Metric(String sentence, String type, DoubleSupplier supplier) {
        double now() {
            return supplier.getAsDouble();
        }
    }

    static Map<String, Metric> all() {
        final Map<String, Metric> all = new TreeMap<>();
        final MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        all.put(
                "jvm_memory_used_bytes",
                gauge(
                        "Bytes of the heap in use.",
                        () -> memory.getHeapMemoryUsage().getUsed()));
        all.put(
                "jvm_memory_max_bytes",
                gauge(
                        "Bytes that the heap may grow to.",
                        () -> memory.getHeapMemoryUsage().getMax()));
        all.put(
                "jvm_threads_current",
                gauge(
                        "Threads of the platform.",
                        () -> ManagementFactory.getThreadMXBean().getThreadCount()));
        all.put(
                "jvm_gc_collections_total",
                new Metric(
                        "Garbage collections and phases of them.",
                        "counter",
                        () -> ManagementFactory.getGarbageCollectorMXBeans().stream()
                                .mapToLong(each -> Math.max(0, each.getCollectionCount()))
                                .sum()));
        all.put(
                "jvm_gc_collection_seconds_total",
                new Metric(
                        "Seconds of them.",
                        "counter",
                        () -> ManagementFactory.getGarbageCollectorMXBeans().stream()
                                        .mapToLong(each -> Math.max(0, each.getCollectionTime()))
                                        .sum()
                                / 1e3));
        all.put(
                "process_start_time_seconds",
                gauge(
                        "When the process started, in seconds since 1970.",
                        () -> ManagementFactory.getRuntimeMXBean().getStartTime() / 1e3));
        all.put("process_resident_memory_bytes", gauge("Bytes of memory in use.", ProcessMetrics::residentBytes));
        if (ManagementFactory.getOperatingSystemMXBean() instanceof final UnixOperatingSystemMXBean system) {
            all.put(
                    "process_cpu_seconds_total",
                    new Metric("Processor seconds spent.", "counter", () -> system.getProcessCpuTime() / 1e9));
            all.put("process_open_fds", gauge("Open files.", system::getOpenFileDescriptorCount));
            all.put("process_max_fds", gauge("Files that may be open.", system::getMaxFileDescriptorCount));
        }
        return all;
    }

    private static Metric gauge(String sentence, DoubleSupplier now) {
        return new Metric(sentence, "gauge", now);
    }

    private static double residentBytes() {
        try {
            final StringTokenizer fields = new StringTokenizer(Files.readString(Path.of("/proc/self/statm")));
            fields.nextToken(); // the virtual size
            return (double) Long.parseLong(fields.nextToken()) * PAGE_BYTES;
        } catch (final IOException | NumberFormatException e) {
            return Double.NaN;
        }
    }
}
