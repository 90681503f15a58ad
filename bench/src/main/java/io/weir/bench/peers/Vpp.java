package io.weir.bench.peers;

import io.weir.bench.report.Subject;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * VPP: one worker between its packet generator, which copies the packets of a capture, and an interface that discards them. Debian has
 * no VPP, so that this has been tried with a stand-in for its two programs only.
 */
final class Vpp implements Peer {
    /** Buffers, and what its heap takes beside them. */
    private static final long HUGE_BYTES = 512L << 20;

    private final String daemon;
    private final String control;

    /** With the programs that the path has. */
    Vpp() {
        this("vpp", "vppctl");
    }

    Vpp(String daemon, String control) {
        this.daemon = daemon;
        this.control = control;
    }

    @Override
    public Subject subject() {
        return Subject.VPP;
    }

    @Override
    public Optional<String> obstacle(PeerWork work) {
        for (final String program : List.of(daemon, control)) {
            if (!program.contains(File.separator) && !Command.isOnPath(program)) {
                return Optional.of("no " + program + " on the path (Debian has none)");
            }
        }
        if (VppCommands.of(work).isEmpty()) {
            return Optional.of("weir bench has no equivalent of " + work.scenario() + " for it");
        }
        return HugePages.areAllowed()
                ? Optional.empty()
                : Optional.of("VPP needs huge pages, and only root can reserve them");
    }

    @Override
    public PeerSession start(PeerWork work) throws IOException, InterruptedException {
        final HugePages pages = HugePages.reserve(HUGE_BYTES);
        try {
            return open(work, pages::close);
        } catch (final IOException | InterruptedException e) {
            pages.close();
            throw e;
        }
    }

    /**
     * Starts both programs without a look at the machine's memory.
     *
     * @param afterwards done when the session is closed
     */
    PeerSession open(PeerWork work, Runnable afterwards) throws IOException, InterruptedException {
        final VppCommands commands = VppCommands.of(work).orElseThrow();
        final Path socket = work.directory().resolve("vpp-cli.sock");
        final Path startup = work.directory().resolve("vpp.conf");
        Files.writeString(
                startup, commands.startup(socket.toString(), work.directory().toString()));
        final List<String> line = List.of(daemon, "-c", startup.toString());
        final PeerProcess process =
                new PeerProcess(Map.of(), line, work.directory().resolve("vpp.txt"));
        final Session session = new Session(process, control, socket, afterwards, String.join(" ", line));
        try {
            session.awaitStart();
            for (final String command : commands.setUp()) {
                session.set(command);
            }
            session.set("packet-generator enable-stream " + VppCommands.STREAM);
            session.learn(work);
            return session;
        } catch (final IOException | InterruptedException e) {
            process.close();
            throw e;
        }
    }

    private record Session(PeerProcess process, String control, Path socket, Runnable afterwards, String command)
            implements PeerSession {
        private static final long START_NS = 60_000_000_000L;
        private static final double FIRST_LOOK_SECONDS = 1;

        /** What it says when a command was carried out: nothing, the name of what it made, or the number of a list. */
        private static final Pattern FINE = Pattern.compile("(pg|loop|vxlan_tunnel)\\d+|ACL index: ?\\d+|");

        private static final Pattern RECEIVED = Pattern.compile("rx packets +(\\d+)");
        private static final Pattern SENT = Pattern.compile("tx packets +(\\d+)");

        void awaitStart() throws IOException, InterruptedException {
            final long deadline = System.nanoTime() + START_NS;
            IOException last = new IOException("vpp does not answer");
            while (System.nanoTime() < deadline) {
                if (!process.isAlive()) {
                    throw new IOException("vpp ended: " + process.lastWords());
                }
                try {
                    ask("show version");
                    return;
                } catch (final IOException e) {
                    last = e;
                    Thread.sleep(100);
                }
            }
            throw last;
        }

        /** Every flow has been seen, and packets come out. */
        void learn(PeerWork work) throws IOException, InterruptedException {
            final long deadline = System.nanoTime() + START_NS;
            long packets = 0;
            while (packets < 2L * work.packets()) {
                final PeerRun run = run(FIRST_LOOK_SECONDS);
                if (run.packets() == 0 || System.nanoTime() > deadline) {
                    throw new IOException("it forwarded " + run.packets() + " packets in a second: "
                            + ask("show errors").lines().limit(3).toList());
                }
                packets += run.packets();
            }
        }

        private String ask(String question) throws IOException, InterruptedException {
            final List<String> line = new ArrayList<>(List.of(control, "-s", socket.toString()));
            line.addAll(List.of(question.split(" ", -1)));
            return Command.run(Map.of(), line);
        }

        void set(String setting) throws IOException, InterruptedException {
            final String answer = ask(setting).strip();
            if (!FINE.matcher(answer).matches()) {
                throw new IOException("vpp refuses '" + setting + "': " + answer);
            }
        }

        private long count(String device, Pattern counter) throws IOException, InterruptedException {
            final Matcher matcher = counter.matcher(ask("show interface " + device));
            return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
        }

        @Override
        public PeerRun run(double seconds) throws IOException, InterruptedException {
            process.resume();
            // the first moments after a pause refill the caches
            Thread.sleep(100);
            final double cpuBefore = process.cpuSeconds();
            final long receivedBefore = count(VppCommands.SOURCE, RECEIVED);
            final long before = count(VppCommands.SINK, SENT);
            final long start = System.nanoTime();
            Thread.sleep((long) (seconds * 1000));
            final long after = count(VppCommands.SINK, SENT);
            final long end = System.nanoTime();
            final long received = count(VppCommands.SOURCE, RECEIVED) - receivedBefore;
            final double cpu = process.cpuSeconds() - cpuBefore;
            process.pause();
            // what it received while the questions were asked is no loss
            if (received > 1.5 * (after - before) + 100_000) {
                throw new IOException("it forwarded " + (after - before) + " of about " + received + " packets");
            }
            return new PeerRun(after - before, (end - start) / 1e9, cpu);
        }

        @Override
        public String note() {
            return "driven by its documented commands; weir's authors had no VPP to try them with";
        }

        @Override
        public void close() {
            process.close();
            afterwards.run();
        }
    }
}
