package io.weir.bench.device;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code dpdk-testpmd} on virtual devices: one core passes packets from one to the other and does nothing with them. */
final class Testpmd implements AutoCloseable {
    private static final Path PROGRAM = Path.of("/usr/bin/dpdk-testpmd");

    private final BenchNamespaces net;
    private final Process process;

    private Testpmd(BenchNamespaces net, Process process) {
        this.net = net;
        this.process = process;
    }

    static boolean isInstalled() {
        return Files.isExecutable(PROGRAM);
    }

    /** Everything that is typed for devices like {@code net_af_packet0,iface=up0}. */
    static List<String> command(PlacedCores cores, List<String> devices) {
        final List<String> command = new ArrayList<>(List.of(
                "stdbuf", // a pipe would make it keep what it says
                "-oL",
                PROGRAM.getFileName().toString(),
                "-l",
                "0-" + Math.max(cores.forward(), cores.send()),
                "--main-lcore",
                Integer.toString(cores.send()),
                "--no-pci",
                "--no-huge",
                "--no-telemetry",
                "-m",
                "512"));
        devices.forEach(device -> command.add("--vdev=" + device));
        command.addAll(List.of(
                "--",
                "--forward-mode=io",
                "--nb-cores=1",
                "--coremask=" + cores.mask(),
                "--total-num-mbufs=16384",
                "--no-flush-rx"));
        return command;
    }

    static Testpmd start(BenchNamespaces net, String label, PlacedCores cores, List<String> devices)
            throws IOException {
        final List<String> command = new ArrayList<>(List.of("env", "RUNTIME_DIRECTORY=" + net.directory()));
        command.addAll(command(cores, devices));
        final Process process = net.start(label, "", command.toArray(String[]::new));
        final Testpmd testpmd = new Testpmd(net, process);
        final StringBuilder text = new StringBuilder();
        final InputStream output = process.getInputStream();
        while (text.indexOf("Press enter to exit") < 0) {
            final int next = ProcessOutput.read(output);
            if (next < 0) {
                testpmd.close();
                throw new IOException("dpdk-testpmd ended: " + text.toString().strip());
            }
            text.append((char) next);
        }
        Thread.ofVirtual().start(() -> {
            try {
                output.transferTo(OutputStream.nullOutputStream());
            } catch (final IOException e) {
                Thread.currentThread().interrupt(); // it has ended
            }
        });
        return testpmd;
    }

    @Override
    public void close() {
        net.end(process);
    }
}
