package io.weir.bench.peers;

import io.weir.bench.report.Subject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Open vSwitch with its DPDK datapath: one polling thread between a capture in memory and a null port. */
final class OvsDpdk implements Peer {
    /** Open vSwitch never makes a bigger pool of packet buffers, and the source's packets must all lie in one. */
    private static final int MOST_PACKETS = 230_000;

    private static final String PACKAGE = "openvswitch-switch-dpdk";

    @Override
    public Subject subject() {
        return Subject.OVS_DPDK;
    }

    @Override
    public Optional<String> obstacle(PeerWork work) {
        if (OvsSwitch.program().isEmpty() || !Command.isOnPath("ovs-vsctl") || !Command.isOnPath("unshare")) {
            return Optional.of(
                    "no ovs-vswitchd with DPDK (Debian: " + PACKAGE + ", librte-net-pcap23, librte-net-null23)");
        }
        if (OvsFlows.of(work.scenario(), work.ipv6()).isEmpty()) {
            return Optional.of("it has no equivalent of " + work.scenario());
        }
        if (work.packets() > MOST_PACKETS) {
            return Optional.of(
                    "its pool of 262,144 packet buffers can't hold %,d flows' packets".formatted(work.packets()));
        }
        if (work.longest() > 1514) {
            return Optional.of("its source and sink have an MTU of 1500");
        }
        return Dpdk.obstacle();
    }

    @Override
    public PeerSession start(PeerWork work) throws IOException, InterruptedException {
        final OvsFlows flows = OvsFlows.of(work.scenario(), work.ipv6()).orElseThrow();
        final HugePages pages = HugePages.reserve(OvsSwitch.HUGE_BYTES);
        OvsSwitch ovs = null;
        try {
            ovs = new OvsSwitch(work.directory(), work.core(), work.otherCore());
            final String sinkBridge = connect(ovs, flows, work.capture());
            for (final String group : flows.groups()) {
                ovs.ofctl("add-group", OvsSwitch.BRIDGE, group);
            }
            final Path rules = work.directory().resolve("flows.txt");
            Files.write(rules, flows.rules());
            ovs.ofctl("replace-flows", OvsSwitch.BRIDGE, rules.toString());
            final Session session = new Session(ovs, pages, sinkBridge, flows.tracksConnections());
            session.learn(work);
            return session;
        } catch (final IOException | InterruptedException e) {
            if (ovs != null) {
                ovs.close();
            }
            pages.close();
            throw e;
        }
    }

    /** Bridges and ports; the bridge that has the sink. */
    private static String connect(OvsSwitch ovs, OvsFlows flows, Path capture)
            throws IOException, InterruptedException {
        final boolean underlay = flows.pushes() || flows.pops();
        if (underlay) {
            ovs.underlay(OvsFlows.TUNNEL);
        }
        final String sourceBridge = flows.pops() ? OvsSwitch.UNDERLAY : OvsSwitch.BRIDGE;
        final String sinkBridge = flows.pushes() ? OvsSwitch.UNDERLAY : OvsSwitch.BRIDGE;
        ovs.port(sinkBridge, "out", OvsFlows.OUT, Dpdk.SINK);
        ovs.port(sourceBridge, "in", OvsFlows.IN, Dpdk.source(capture));
        if (flows.pushes()) {
            ovs.ofctl("add-flow", OvsSwitch.UNDERLAY, "priority=1,actions=output:" + OvsFlows.OUT);
        } else if (flows.pops()) {
            ovs.ofctl("add-flow", OvsSwitch.UNDERLAY, "priority=1,in_port=" + OvsFlows.IN + ",actions=LOCAL");
        }
        return sinkBridge;
    }

    private record Session(OvsSwitch ovs, HugePages pages, String sinkBridge, boolean tracked) implements PeerSession {
        /** Time in which the polling thread meets all flows and forgets what it dropped before it had rules. */
        private static final double FIRST_LOOK_SECONDS = 2;

        void learn(PeerWork work) throws IOException, InterruptedException {
            final PeerRun first = run(FIRST_LOOK_SECONDS);
            if (first.packets() == 0) {
                throw new IOException("it forwards nothing: " + ovs.lastWords());
            }
            if (tracked) {
                ovs.resume();
                OvsReplies.play(ovs, work);
                ovs.pause();
            }
            final PeerRun second = run(FIRST_LOOK_SECONDS / 2);
            if (tracked) {
                ovs.resume();
                final int connections = ovs.connections();
                ovs.pause();
                if (connections < work.packets()) {
                    throw new IOException(
                            "it tracks " + connections + " connections of " + work.packets() + ": " + ovs.lastWords());
                }
            }
            if (second.packets() == 0) {
                throw new IOException("it forwards nothing any more: " + ovs.lastWords());
            }
        }

        @Override
        public PeerRun run(double seconds) throws IOException, InterruptedException {
            ovs.resume();
            // the first moments after a pause refill the caches, as weir's own warm-up does
            Thread.sleep(100);
            final double cpuBefore = ovs.cpuSeconds();
            final long receivedBefore = ovs.received();
            final long before = ovs.sent(sinkBridge);
            final long start = System.nanoTime();
            Thread.sleep((long) (seconds * 1000));
            final long after = ovs.sent(sinkBridge);
            final long end = System.nanoTime();
            final long received = ovs.received() - receivedBefore;
            final double cpu = ovs.cpuSeconds() - cpuBefore;
            ovs.pause();
            if (received > 1.2 * (after - before) + 100_000) {
                throw new IOException(
                        "it forwarded " + (after - before) + " of about " + received + " packets: " + ovs.lastWords());
            }
            return new PeerRun(after - before, (end - start) / 1e9, cpu);
        }

        @Override
        public String command() {
            return ovs.command();
        }

        @Override
        public String note() {
            return "";
        }

        @Override
        public void close() {
            ovs.close();
            pages.close();
        }
    }
}
