package io.weir.tools.demo;

import static io.weir.tools.demo.DemoManifests.BALANCER;
import static io.weir.tools.demo.DemoManifests.BALANCER6;
import static io.weir.tools.demo.DemoManifests.INTERNET;
import static io.weir.tools.demo.DemoManifests.INTERNET6;
import static io.weir.tools.demo.DemoManifests.NODE_PORT;
import static io.weir.tools.demo.DemoManifests.STICKY;
import static io.weir.tools.demo.DemoManifests.WEB;
import static io.weir.tools.demo.DemoManifests.WEB6;
import static io.weir.tools.demo.DemoManifests.nodeAddress;
import static io.weir.tools.demo.DemoManifests.nodeAddress6;
import static io.weir.tools.demo.DemoManifests.pod;

import io.weir.dataplane.wire.IpAddress;
import io.weir.tools.command.CommandFailure;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What the demo tries, one after the other. */
final class DemoPromises {
    private static final Pattern PING = Pattern.compile("(\\d+)% packet loss.*= [\\d.]+/([\\d.]+)/", Pattern.DOTALL);
    private static final int REQUESTS = 20;
    private static final int FLOW_PORT = 9000;

    private final DemoCluster cluster;
    private final PromisePrinter printer;
    private final long mebibytes;

    DemoPromises(DemoCluster cluster, PromisePrinter printer, long mebibytes) {
        this.cluster = cluster;
        this.printer = printer;
        this.mebibytes = mebibytes;
    }

    void all(long startedNs) throws InterruptedException {
        promise("both agents forward and have joined the flannel network", () -> joined(startedNs));
        promise("pods of one node reach each other", () -> pings("client", "web-1"));
        promise("pods of two nodes reach each other", () -> pings("client", "web-2"));
        promise("between the nodes their packets travel by VXLAN", this::vxlan);
        promise("a ClusterIP is served by both pods", () -> served("client", WEB, 80));
        promise("a ClusterIP is served by both pods, IPv6", () -> served("other", WEB6, 80));
        promise(
                "a NodePort is served from outside, by either node",
                () -> served("internet", nodeAddress(1), NODE_PORT) + "; "
                        + served("internet", nodeAddress6(2), NODE_PORT));
        promise("a LoadBalancer's address is served from outside", () -> served("internet", BALANCER, 80));
        promise("a LoadBalancer's address is served from outside, IPv6", () -> served("internet", BALANCER6, 80));
        promise("a client with session affinity stays with its pod", this::sticks);
        promise("a pod is masqueraded as its node on the Internet", () -> masqueraded(INTERNET, nodeAddress(1)));
        promise("a pod is masqueraded as its node, IPv6", () -> masqueraded(INTERNET6, nodeAddress6(1)));
        promise(
                "TCP between pods of one node arrives whole",
                () -> transfer("web-1", pod("web-1").address()));
        promise(
                "TCP between pods of one node arrives whole, IPv6",
                () -> transfer("web-1", pod("web-1").address6()));
        promise(
                "TCP between pods of two nodes arrives whole",
                () -> transfer("web-2", pod("web-2").address()));
        policy();
    }

    /** A broken promise is told with what both nodes dropped meanwhile, and why. */
    private void promise(String name, Callable<String> attempt) throws InterruptedException {
        printer.promise(name, () -> {
            final Map<String, Long> before = DemoDrops.of(cluster);
            try {
                return attempt.call();
            } catch (final CommandFailure e) {
                throw new CommandFailure(e.getMessage() + DemoDrops.since(before, DemoDrops.of(cluster)), e);
            }
        });
    }

    private String joined(long startedNs) {
        DemoCluster.await(
                "pods of both nodes reach each other",
                () -> cluster.run(
                                        "client",
                                        "ping",
                                        "-c",
                                        "1",
                                        "-W",
                                        "1",
                                        pod("web-2").address())
                                .exitCode()
                        == 0);
        DemoCluster.await(
                "the same by IPv6",
                () -> cluster.run(
                                        "client",
                                        "ping",
                                        "-c",
                                        "1",
                                        "-W",
                                        "1",
                                        pod("web-2").address6())
                                .exitCode()
                        == 0);
        DemoCluster.await(
                "the agents are ready",
                () -> DemoCluster.NODES.stream()
                        .allMatch(node -> cluster.run(node, "curl", "-sf", "-m", "2", "http://127.0.0.1:9095/readyz")
                                        .exitCode()
                                == 0));
        return String.format(Locale.ROOT, "%.1f s after their start", (System.nanoTime() - startedNs) / 1e9);
    }

    private String pings(String from, String to) {
        return pings(from, to, pod(to).address()) + ", IPv6 " + pings(from, to, pod(to).address6());
    }

    private String pings(String from, String to, String address) {
        final String output = cluster.run(from, "ping", "-q", "-c", "20", "-i", "0.02", "-W", "10", address)
                .text();
        final Matcher matcher = PING.matcher(output);
        if (matcher.find() && matcher.group(1).equals("0")) {
            return matcher.group(2) + " ms";
        }
        throw new CommandFailure(from + " lost packets to " + to + ": " + output);
    }

    /** The switch between the nodes is asked what it sees. */
    private String vxlan() throws IOException {
        final Process tcpdump = cluster.start(
                "internet",
                "timeout",
                "10",
                "tcpdump",
                "-n",
                "-l",
                "-c",
                "2",
                "-i",
                "to-node-2",
                "udp",
                "port",
                "8472");
        try (BufferedReader seen =
                new BufferedReader(new InputStreamReader(tcpdump.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = seen.readLine(); line != null; line = seen.readLine()) {
                if (line.startsWith("listening on")) {
                    pings("client", "web-2", pod("web-2").address());
                }
                if (line.contains(" > " + nodeAddress(2) + ".8472")) {
                    return "seen on the wire: " + nodeAddress(1) + " > " + nodeAddress(2) + " UDP 8472";
                }
            }
        } finally {
            tcpdump.destroy();
        }
        throw new CommandFailure("no such packet on the wire");
    }

    private static String url(String address, int port) {
        return "http://" + (address.indexOf(':') < 0 ? address : "[" + address + "]") + ":" + port + "/";
    }

    /** Answers of nginx: its pod's name, and the address that asked. */
    private List<String> ask(String from, String address, int port) {
        final String script = "for i in $(seq " + REQUESTS + "); do curl -sS --noproxy '*' -m 5 '" + url(address, port)
                + "' || exit 1; done";
        final DemoCluster.Output output = cluster.run(from, "sh", "-c", script);
        if (output.exitCode() != 0) {
            throw new CommandFailure(from + " asked " + address + ": " + output.text());
        }
        return output.text().lines().toList();
    }

    private String served(String from, String address, int port) {
        final Map<String, Long> servers = ask(from, address, port).stream()
                .collect(Collectors.groupingBy(
                        line -> line.substring(0, line.indexOf(' ')), TreeMap::new, Collectors.counting()));
        if (!servers.keySet().equals(Set.of("web-1", "web-2"))) {
            throw new CommandFailure("answered by " + servers);
        }
        return servers.entrySet().stream()
                .map(each -> each.getKey() + " " + each.getValue() + "x")
                .collect(Collectors.joining(", "));
    }

    private String sticks() {
        final List<String> answers =
                ask("client", STICKY, 80).stream().distinct().toList();
        if (answers.size() != 1) {
            throw new CommandFailure("answered by " + answers);
        }
        return REQUESTS + " of " + REQUESTS + " by " + answers.getFirst().split(" ", 2)[0];
    }

    private String masqueraded(String address, String node) {
        final List<String> answers =
                ask("client", address, 80).stream().distinct().toList();
        if (!answers.equals(List.of("internet " + node))) {
            throw new CommandFailure("the Internet saw " + answers);
        }
        return "nginx there saw " + node;
    }

    private String transfer(String to, String address) {
        final long bytes = mebibytes << 20;
        final Transfer transfer =
                Transfer.run(cluster.namespace("client"), cluster.namespace(to), IpAddress.parse(address), bytes);
        if (!transfer.isWhole(bytes)) {
            throw new CommandFailure("damaged: " + transfer);
        }
        return String.format(
                Locale.ROOT,
                "%d MiB, %.1f Gbit/s, CRC-32C %08x",
                mebibytes,
                transfer.gigabitsPerSecond(),
                transfer.receivedChecksum());
    }

    /** Two connections to one pod; the policy is about one of them. */
    private void policy() throws InterruptedException {
        final IpAddress server = IpAddress.parse(pod("web-1").address());
        try (DemoFlow denied =
                        new DemoFlow(cluster.namespace("client"), cluster.namespace("web-1"), server, FLOW_PORT);
                DemoFlow allowed =
                        new DemoFlow(cluster.namespace("other"), cluster.namespace("web-1"), server, FLOW_PORT)) {
            Thread.sleep(500);
            final long arrived = allowed.arrived();
            final long appliedNs = System.nanoTime();
            cluster.apply("policy.yaml", DemoManifests.policy());
            promise("a NetworkPolicy cuts a connection in mid-flow", () -> cut(denied, appliedNs));
            promise("a connection that the policy allows goes on", () -> {
                Thread.sleep(500);
                allowed.measureGaps();
                final long before = allowed.arrived();
                Thread.sleep(500);
                if (before == arrived || allowed.arrived() == before) {
                    throw new CommandFailure("nothing arrives any more");
                }
                return String.format(Locale.ROOT, "%,d bytes since the policy", allowed.arrived() - arrived);
            });
        } catch (final IOException e) {
            throw new CommandFailure("the connections for the policy: " + e.getMessage(), e);
        }
    }

    private static String cut(DemoFlow denied, long appliedNs) throws InterruptedException {
        final long endNs = System.nanoTime() + 5_000_000_000L;
        while (System.nanoTime() - denied.lastNs() < 300_000_000L) {
            if (System.nanoTime() - endNs > 0) {
                throw new CommandFailure("5 s after the policy it still goes on");
            }
            Thread.sleep(5);
        }
        return (denied.lastNs() - appliedNs) / 1_000_000 + " ms after its file was written";
    }
}
