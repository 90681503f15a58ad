package io.weir.bench.device;

import io.weir.bench.experiment.Choice;
import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Subject;
import io.weir.bench.report.Variant;
import io.weir.bench.throughput.Traffic;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Smallest packets a second from one veth to another. The node has a veth to a sender and one to a receiver, whose kernel throws
 * everything away at once. One core forwards; the other makes the packets, inside of its kernel, and receives them at the far end.
 *
 * <p>A veth delivers on the core that sends: what the kernel does to receive for a socket of the forwarder (for AF_PACKET: making
 * a packet of the frame, and the copy into its ring; for AF_XDP: the copy) slows the generator down. So compare what arrives with
 * what was offered. The kernel is measured a second time with its whole work steered to the forwarding core. (AF_PACKET can't be
 * steered there: softirqs would keep the one who reads the ring from running.)
 */
public final class VethRateExperiment implements Experiment {
    private static final int FLOWS = 1000;
    private static final String STEERING = "/sys/class/net/eth0/queues/rx-0/rps_cpus";
    private static final String RECEIVERS = "198.18.0.0/15";
    private static final IpAddress FIRST_RECEIVER = IpAddress.parse("198.18.0.1");
    private static final IpAddress SENDER = IpAddress.parse("192.168.7.2");
    private static final IpAddress NEXT_HOP = IpAddress.parse("192.168.8.2");
    private static final String CONFIG = """
            apiVersion: weir.io/v1alpha1
            kind: NodeConfig
            nodeName: bench
            nodeAddresses: [192.168.0.1]
            podCidrs: [10.244.1.0/24]
            clusterCidrs: [10.244.0.0/16]
            ports:
              host: {enabled: false}
              uplinks:
              - {name: left, device: up0, kind: KIND, addresses: [192.168.7.1/24]}
              - {name: right, device: up1, kind: KIND, addresses: [192.168.8.1/24]}
            routes:
            - {to: 198.18.0.0/15, via: 192.168.8.2}
            """;

    @Override
    public String name() {
        return "veth-pps";
    }

    @Override
    public String describe() {
        return "smallest packets from one veth to another by AF_XDP (and AF_PACKET), the whole pipeline included";
    }

    @Override
    public Optional<String> obstacle() {
        return DeviceObstacle.find("ethtool");
    }

    @Override
    public Set<Choice> choices() {
        return EnumSet.of(Choice.PEERS);
    }

    @Override
    public void run(Settings settings, Recorder recorder) throws IOException, InterruptedException {
        final PlacedCores cores = PlacedCores.of(settings);
        try (BenchNamespaces net = new BenchNamespaces()) {
            for (final String label : List.of("sender", "node", "receiver")) {
                net.create(label);
            }
            net.veth("node", "up0", "192.168.7.1/24", "sender", "eth0", "192.168.7.2/24");
            net.veth("node", "up1", "192.168.8.1/24", "receiver", "eth0", "192.168.8.2/24");
            // whoever sends through a veth would also receive at its other end: only forwarding is to be on that core
            net.run("receiver", "sh", "-c", "echo " + Integer.toHexString(1 << cores.send()) + " > " + STEERING);
            // without GRO an interface that has no XDP program does not poll, and takes no frames of this generator
            net.run("node", "ethtool", "-K", "up0", "gro", "on");
            net.run("node", "ip", "route", "add", RECEIVERS, "via", NEXT_HOP.toString());
            final MacAddress own = net.mac("node", "up0");
            final MacAddress sender = net.mac("sender", "eth0");
            final List<byte[]> frames = new Traffic(FLOWS, 64, false, false)
                    .frames(new Traffic.Ends(
                            sender,
                            own,
                            SENDER.high(),
                            SENDER.low(),
                            FIRST_RECEIVER.high(),
                            FIRST_RECEIVER.low(),
                            250,
                            80));
            final List<Forwarder> forwarders = new ArrayList<>();
            forwarders.add(new Weir(net, cores, "af-xdp"));
            forwarders.add(new Weir(net, cores, "af-packet"));
            if (settings.peers()) {
                forwarders.add(new Kernel(net));
                forwarders.add(new SteeredForwarder(new Kernel(net), net, cores.mask()));
                if (Testpmd.isInstalled()) {
                    forwarders.add(new VethTestpmd(net, cores, "", "net_af_packet%d,iface=%s,qdisc_bypass=1"));
                    forwarders.add(new VethTestpmd(net, cores, "net_af_xdp", "net_af_xdp%d,iface=%s"));
                } else {
                    recorder.skip(name(), Subject.TESTPMD, "dpdk-testpmd is not installed (Debian's package dpdk)");
                }
            }
            try (DropAll _ = DropAll.at(net, "receiver", "eth0", RECEIVERS)) {
                new RateMeter(
                                name(),
                                Variant.flows(FLOWS),
                                net,
                                new RateMeter.Path("sender", "receiver", "eth0", frames, cores.send(), true))
                        .measure(forwarders, settings, recorder);
            }
        }
    }

    private record Weir(BenchNamespaces net, PlacedCores cores, String kind) implements Forwarder {
        @Override
        public Subject subject() {
            return Subject.WEIR;
        }

        @Override
        public String detail() {
            return kind.equals("af-xdp") ? "" : kind;
        }

        @Override
        public String command() {
            return "weir run, two uplinks of kind " + kind + ", workers.idle=spin, workers.firstCore="
                    + cores.forward();
        }

        @Override
        public AutoCloseable start() throws IOException {
            return WeirProcess.start(
                    net,
                    "node",
                    CONFIG.replace("KIND", kind),
                    "workers.idle=spin",
                    "workers.firstCore=" + cores.forward());
        }
    }

    private record Kernel(BenchNamespaces net) implements Forwarder {
        @Override
        public Subject subject() {
            return Subject.KERNEL;
        }

        @Override
        public String detail() {
            return "";
        }

        @Override
        public String command() {
            return "sysctl net.ipv4.ip_forward=1";
        }

        @Override
        public AutoCloseable start() throws IOException, InterruptedException {
            net.run("node", "ping", "-c", "1", "-W", "5", NEXT_HOP.toString());
            net.write("node", "ipv4/ip_forward", "1");
            return () -> net.write("node", "ipv4/ip_forward", "0");
        }
    }

    private record VethTestpmd(BenchNamespaces net, PlacedCores cores, String detail, String device)
            implements Forwarder {
        @Override
        public Subject subject() {
            return Subject.TESTPMD;
        }

        private List<String> devices() {
            return List.of(device.formatted(0, "up0"), device.formatted(1, "up1"));
        }

        @Override
        public String command() {
            return String.join(" ", Testpmd.command(cores, devices()));
        }

        @Override
        public AutoCloseable start() throws IOException {
            final Testpmd testpmd = Testpmd.start(net, "node", cores, devices());
            return () -> {
                testpmd.close();
                for (final String interfaceName : List.of("up0", "up1")) {
                    // net_af_xdp leaves its program on the interface when it is killed
                    net.run("node", "ip", "link", "set", "dev", interfaceName, "xdp", "off");
                }
            };
        }
    }
}
