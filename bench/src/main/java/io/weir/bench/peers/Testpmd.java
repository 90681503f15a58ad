package io.weir.bench.peers;

import io.weir.bench.report.Subject;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code dpdk-testpmd} in its io mode: packets go from a capture in memory to a null port, untouched. The ceiling of DPDK's
 * packet input and output with this generator, and therefore the generator's own cost for every peer that is built on DPDK.
 */
final class Testpmd implements Peer {
    private static final String PROGRAM = "dpdk-testpmd";

    /** A packet buffer with its header, and what the pool's own structures add. */
    private static final long BUFFER_BYTES = 2560;

    private static final int OTHER_BUFFERS = 20_000;
    private static final long OTHER_BYTES = 192L << 20;

    @Override
    public Subject subject() {
        return Subject.TESTPMD;
    }

    @Override
    public Optional<String> obstacle(PeerWork work) {
        if (!Command.isOnPath(PROGRAM)) {
            return Optional.of(
                    "no " + PROGRAM + " on the path (Debian: dpdk-dev, librte-net-pcap23, librte-net-null23)");
        }
        return Dpdk.obstacle();
    }

    @Override
    public PeerSession start(PeerWork work) throws IOException, InterruptedException {
        final int buffers = work.packets() + OTHER_BUFFERS;
        final long bytes = buffers * BUFFER_BYTES + OTHER_BYTES;
        final HugePages pages = HugePages.reserve(bytes);
        final List<String> command = List.of(
                // its answers would stay in a buffer otherwise
                "stdbuf",
                "-oL",
                PROGRAM,
                "-l",
                work.otherCore() + "," + work.core(),
                "--main-lcore",
                Integer.toString(work.otherCore()),
                "--in-memory",
                "--no-pci",
                "--no-telemetry",
                "-m",
                Long.toString(bytes >> 20),
                "--vdev",
                Dpdk.source(work.capture()),
                "--vdev",
                Dpdk.SINK,
                "--",
                "-i",
                "--forward-mode=io",
                "--no-mlockall",
                "--total-num-mbufs=" + buffers);
        PeerProcess process = null;
        try {
            process = new PeerProcess(
                    Dpdk.environment(work.directory()),
                    command,
                    work.directory().resolve("testpmd.txt"));
            final Session session = new Session(process, pages, String.join(" ", command));
            session.packets();
            process.type("start");
            session.run(0.2);
            return session;
        } catch (final IOException | InterruptedException e) {
            if (process != null) {
                process.close();
            }
            pages.close();
            throw e;
        }
    }

    private record Session(PeerProcess process, HugePages pages, String command) implements PeerSession {
        private static final Pattern TRANSMITTED = Pattern.compile("TX-packets: +(\\d+)");
        private static final long ANSWER_NS = 60_000_000_000L;

        @Override
        public PeerRun run(double seconds) throws IOException, InterruptedException {
            process.resume();
            final double cpuBefore = process.cpuSeconds();
            final long before = packets();
            final long start = System.nanoTime();
            Thread.sleep((long) (seconds * 1000));
            final long after = packets();
            final long end = System.nanoTime();
            final double cpu = process.cpuSeconds() - cpuBefore;
            process.pause();
            return new PeerRun(after - before, (end - start) / 1e9, cpu);
        }

        /** That the null port has taken; asked on the prompt, which is answered within a millisecond. */
        long packets() throws IOException, InterruptedException {
            final int from = (int) process.printedLength();
            process.type("show port stats 1");
            final long deadline = System.nanoTime() + ANSWER_NS;
            while (System.nanoTime() < deadline && process.isAlive()) {
                final Matcher matcher = TRANSMITTED.matcher(process.printed().substring(from));
                if (matcher.find()) {
                    return Long.parseLong(matcher.group(1));
                }
                Thread.sleep(1);
            }
            throw new IOException("testpmd does not answer: " + process.lastWords());
        }

        @Override
        public String note() {
            return "";
        }

        @Override
        public void close() {
            process.close();
            pages.close();
        }
    }
}
