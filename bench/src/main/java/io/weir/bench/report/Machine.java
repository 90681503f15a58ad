package io.weir.bench.report;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Where the figures come from.
 *
 * @param cpu         model name, with family, model and stepping, as the kernel says it
 * @param megahertz   clock that the kernel reports for the first core; 0 when it says nothing. Virtual machines report their nominal one
 * @param cores       that the kernel offers
 * @param caches      sizes of the first core's caches
 * @param memoryBytes of the machine
 * @param hugePages   the kernel's setting of transparent huge pages, and how many real ones are reserved
 * @param kernel      name and release
 * @param java        version and vendor of the virtual machine
 * @param flags       of the virtual machine
 * @param load        average number of running threads in the last minute, when this was made
 */
public record Machine(
        String cpu,
        double megahertz,
        int cores,
        String caches,
        long memoryBytes,
        String hugePages,
        String kernel,
        String java,
        List<String> flags,
        double load) {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
    private static final Path CACHES = Path.of("/sys/devices/system/cpu/cpu0/cache");

    /** The machine that this runs on, now. */
    public static Machine here() {
        final String clock = field(CPU_INFO, "cpu MHz");
        final String memory = field(Path.of("/proc/meminfo"), "MemTotal").replace(" kB", "");
        return new Machine(
                "%s (family %s, model %s, stepping %s)"
                        .formatted(
                                field(CPU_INFO, "model name"),
                                field(CPU_INFO, "cpu family"),
                                field(CPU_INFO, "model"),
                                field(CPU_INFO, "stepping")),
                clock.isEmpty() ? 0 : Double.parseDouble(clock),
                Runtime.getRuntime().availableProcessors(),
                readCaches(),
                memory.isEmpty() ? 0 : Long.parseLong(memory) << 10,
                "transparent: " + text(Path.of("/sys/kernel/mm/transparent_hugepage/enabled")) + ", reserved: "
                        + text(Path.of("/proc/sys/vm/nr_hugepages")),
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"),
                System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version") + ", "
                        + System.getProperty("java.vendor"),
                readFlags(),
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    }

    /** In one paragraph, for people. */
    public String text() {
        return String.format(
                Locale.ROOT,
                "%s, %.0f MHz, %d cores, %s; %.0f GiB; huge pages %s; %s; %s; load %.2f",
                cpu,
                megahertz,
                cores,
                caches,
                memoryBytes / 1073741824.0,
                hugePages,
                kernel,
                java,
                load);
    }

    /** Paths tell where somebody's files are, and nothing about speed. */
    private static List<String> readFlags() {
        return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> !flag.contains("/") || flag.startsWith("--add"))
                .toList();
    }

    private static String readCaches() {
        final StringBuilder all = new StringBuilder();
        for (int i = 0; Files.isDirectory(CACHES.resolve("index" + i)); i++) {
            final Path cache = CACHES.resolve("index" + i);
            final String type = text(cache.resolve("type"));
            all.append(all.isEmpty() ? "" : ", ")
                    .append('L')
                    .append(text(cache.resolve("level")))
                    .append(type.equals("Unified") ? "" : type.substring(0, 1).toLowerCase(Locale.ROOT))
                    .append(' ')
                    .append(text(cache.resolve("size")));
        }
        return all.toString();
    }

    private static String field(Path file, String name) {
        return text(file)
                .lines()
                .filter(line -> line.startsWith(name))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse("");
    }

    private static String text(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (final IOException e) {
            return ""; // another kernel has other files; the report shows a gap
        }
    }
}
