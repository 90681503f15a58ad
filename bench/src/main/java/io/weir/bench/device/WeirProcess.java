package io.weir.bench.device;

import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code weir run} in a process of its own, with this virtual machine's classes and options. */
final class WeirProcess implements AutoCloseable {
    private static final String MAIN = "io.weir.tools.Weir";

    /** A node's run directory is in memory; on a disk, workers would wait for it when they count. */
    private static final Path MEMORY = Path.of("/dev/shm");

    private static final String RUNS = "weir runs ";

    private final BenchNamespaces net;
    private final Process process;

    private WeirProcess(BenchNamespaces net, Process process) {
        this.net = net;
        this.process = process;
    }

    /**
     * Starts it in a namespace, and waits until it forwards.
     *
     * @param config what is in its configuration directory
     * @param set    settings that override the configuration: {@code workers.idle=spin}
     */
    static WeirProcess start(BenchNamespaces net, String label, String config, String... set) throws IOException {
        final Path directory = Files.isWritable(MEMORY) ? net.directory(MEMORY) : net.directory();
        Files.writeString(Files.createDirectory(directory.resolve("config")).resolve("node.yaml"), config);
        final List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> !option.startsWith("-XX:AOT") && !option.startsWith("-agent"))
                .forEach(command::add);
        command.add("-Dagrona.disable.bounds.checks=true");
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), MAIN, "run"));
        command.addAll(List.of("--config", directory.resolve("config").toString()));
        command.addAll(List.of("--run-dir", directory.resolve("run").toString()));
        for (final String setting : set) {
            command.addAll(List.of("--set", setting));
        }
        final WeirProcess weir = new WeirProcess(net, net.start(label, "", command.toArray(String[]::new)));
        try {
            weir.awaitStart();
        } catch (final IOException e) {
            weir.close();
            throw e;
        }
        return weir;
    }

    private void awaitStart() throws IOException {
        final StringBuilder text = new StringBuilder();
        final InputStream output = process.getInputStream();
        while (text.indexOf(RUNS) < 0) {
            final int next = ProcessOutput.read(output);
            if (next < 0) {
                throw new IOException("weir run ended: " + text.toString().strip());
            }
            text.append((char) next);
        }
        Thread.ofVirtual().start(() -> {
            try {
                output.transferTo(java.io.OutputStream.nullOutputStream());
            } catch (final IOException e) {
                Thread.currentThread().interrupt(); // it has ended
            }
        });
    }

    /** CPU seconds of all its threads. */
    double cpuSeconds() throws IOException {
        return ProcessorTime.ofProcess(process.pid());
    }

    @Override
    public void close() {
        net.end(process);
    }
}
