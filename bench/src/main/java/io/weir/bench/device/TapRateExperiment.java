package io.weir.bench.device;

import io.weir.bench.experiment.Choice;
import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Subject;
import io.weir.bench.report.Variant;
import io.weir.bench.throughput.Traffic;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.Rtnetlink;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Smallest packets a second from one pod's TAP to another's, through the whole pipeline. The receiving pod's kernel throws
 * everything away at once. The peer is testpmd with the same two TAPs, which only moves packets.
 */
public final class TapRateExperiment implements Experiment {
    private static final int MOST_FLOWS = 50_000;
    private static final MacAddress GATEWAY = MacAddress.parse("ee:ee:ee:ee:ee:ee");

    @Override
    public String name() {
        return "tap-pps";
    }

    @Override
    public String describe() {
        return "smallest packets from one pod's TAP to another's, devices and the whole pipeline included";
    }

    @Override
    public Optional<String> obstacle() {
        return DeviceObstacle.find();
    }

    @Override
    public Set<Choice> choices() {
        return EnumSet.of(Choice.FLOWS, Choice.SIZE, Choice.FAMILY, Choice.PEERS);
    }

    @Override
    public void run(Settings settings, Recorder recorder) throws IOException, InterruptedException {
        final PlacedCores cores = PlacedCores.of(settings);
        try (BenchNamespaces net = new BenchNamespaces()) {
            for (final String label : List.of("client", "node", "server")) {
                net.create(label);
            }
            final Weir weir = new Weir(net, cores);
            final MacAddress client;
            try (AutoCloseable _ = weir.start()) {
                client = net.mac("client", "eth0"); // the same each time
            } catch (final IOException | InterruptedException | RuntimeException e) {
                throw e;
            } catch (final Exception e) {
                throw new IOException(e);
            }
            final List<Forwarder> forwarders = new ArrayList<>(List.of(weir));
            if (settings.peers()) {
                if (Testpmd.isInstalled()) {
                    forwarders.add(new TapTestpmd(net, cores));
                } else {
                    recorder.skip(name(), Subject.TESTPMD, "dpdk-testpmd is not installed (Debian's package dpdk)");
                }
            }
            for (final boolean ipv6 : settings.ipv6()) {
                for (final String packets : settings.packets()) {
                    // all flows come from the one pod: as many as it has ports
                    for (final int flows : settings.flows().stream()
                            .map(count -> Math.min(count, MOST_FLOWS))
                            .distinct()
                            .toList()) {
                        final Variant variant = new Variant(flows, packets, ipv6, "udp", 1, "");
                        if (packets.equals("imix")) {
                            recorder.skip(name(), Subject.WEIR, "its sender has frames of one length only, no imix");
                        } else {
                            final RateMeter.Path path = new RateMeter.Path(
                                    "client", "server", "eth0", frames(variant, client), cores.send(), false);
                            new RateMeter(name(), variant, net, path).measure(forwarders, settings, recorder);
                        }
                    }
                }
            }
        }
    }

    private static List<byte[]> frames(Variant variant, MacAddress client) {
        final IpAddress from = IpAddress.parse(PodConfig.client(variant.ipv6()));
        final IpAddress to = IpAddress.parse(PodConfig.server(variant.ipv6()));
        return Traffic.of(variant.flows(), variant.packets(), variant.ipv6(), false)
                .frames(new Traffic.Ends(client, GATEWAY, from.high(), from.low(), to.high(), to.low(), 1, 80));
    }

    private record Weir(BenchNamespaces net, PlacedCores cores) implements Forwarder {
        @Override
        public Subject subject() {
            return Subject.WEIR;
        }

        @Override
        public String detail() {
            return "";
        }

        @Override
        public String command() {
            return "weir run, two pods, workers.idle=spin, workers.firstCore=" + cores.forward();
        }

        @Override
        public AutoCloseable start() throws IOException, InterruptedException {
            final WeirProcess started = WeirProcess.start(
                    net, "node", PodConfig.of(net), "workers.idle=spin", "workers.firstCore=" + cores.forward());
            final DropAll sink =
                    DropAll.at(net, "server", "eth0", PodConfig.server(false) + "/32", PodConfig.server(true) + "/128");
            return () -> {
                sink.close();
                started.close();
            };
        }
    }

    /** Its TAPs are made where it runs, and moved. */
    private record TapTestpmd(BenchNamespaces net, PlacedCores cores) implements Forwarder {
        private static final List<String> DEVICES = List.of("net_tap0,iface=tap0", "net_tap1,iface=tap1");

        @Override
        public Subject subject() {
            return Subject.TESTPMD;
        }

        @Override
        public String detail() {
            return "";
        }

        @Override
        public String command() {
            return String.join(" ", Testpmd.command(cores, DEVICES));
        }

        @Override
        public AutoCloseable start() throws IOException, InterruptedException {
            final Testpmd testpmd = Testpmd.start(net, "node", cores, DEVICES);
            move("tap0", "client");
            move("tap1", "server");
            final DropAll sink =
                    DropAll.at(net, "server", "eth0", PodConfig.server(false) + "/32", PodConfig.server(true) + "/128");
            return () -> {
                sink.close();
                testpmd.close();
            };
        }

        private void move(String device, String label) throws IOException, InterruptedException {
            final NetworkNamespace pod = net.namespace(label);
            try (Rtnetlink network = Rtnetlink.open(net.namespace("node"))) {
                network.links().move(device, pod, "eth0");
            }
            net.run(label, "ip", "link", "set", "eth0", "up");
        }
    }
}
