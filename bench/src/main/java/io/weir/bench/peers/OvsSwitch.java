package io.weir.bench.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An Open vSwitch of our own: database and switch with private directories, in a network namespace without a name, which
 * ends with them. Nothing of a switch that the machine may run already is touched.
 */
final class OvsSwitch implements AutoCloseable {
    /** Where packets are forwarded. */
    static final String BRIDGE = "br-bench";

    /** Where tunnels end; also the name of the device with the local address. */
    static final String UNDERLAY = "br-under";

    /** The biggest pool of packet buffers that it makes, and what else it takes. */
    static final long HUGE_BYTES = 1100L << 20;

    private static final List<Path> PROGRAMS =
            List.of(Path.of("/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk"), Path.of("/usr/sbin/ovs-vswitchd"));
    private static final Path SCHEMA = Path.of("/usr/share/openvswitch/vswitch.ovsschema");
    private static final Pattern SENT = Pattern.compile("tx pkts=(\\d+)");
    private static final Pattern ARRIVED = Pattern.compile("rx pkts=(\\d+)");
    private static final Pattern RECEIVED = Pattern.compile("packets received: (\\d+)");
    private static final Pattern TOTAL = Pattern.compile("Total: (\\d+)");
    private static final String OWN_MAC = "02:00:00:00:00:0a";

    private final Path directory;
    private final Map<String, String> environment;
    private final String database;
    private final String control;
    private final List<PeerProcess> processes = new ArrayList<>();
    private final PeerProcess daemon;
    private final String command;

    /** The switch that was built with DPDK, if there is one. */
    static Optional<Path> program() {
        return PROGRAMS.stream()
                .filter(Files::isExecutable)
                .filter(OvsSwitch::hasDpdk)
                .findFirst()
                .filter(found -> Files.isReadable(SCHEMA));
    }

    private static boolean hasDpdk(Path candidate) {
        try {
            return Command.run(Map.of(), List.of(candidate.toString(), "--version"))
                    .contains("DPDK");
        } catch (final IOException e) {
            return false;
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    OvsSwitch(Path parent, int core, int otherCore) throws IOException, InterruptedException {
        directory = Files.createTempDirectory(parent, "ovs");
        final String place = directory.toString();
        environment = new HashMap<>(Dpdk.environment(directory));
        for (final String variable : List.of("OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR", "OVS_SYSCONFDIR")) {
            environment.put(variable, place);
        }
        database = "unix:" + directory.resolve("db.sock");
        control = directory.resolve("control").toString();
        final Path file = directory.resolve("conf.db");
        Command.run(environment, List.of("ovsdb-tool", "create", file.toString(), SCHEMA.toString()));
        try {
            processes.add(new PeerProcess(
                    environment,
                    List.of("ovsdb-server", file.toString(), "--remote=p" + database, "--no-chdir"),
                    directory.resolve("ovsdb.txt")));
            await(directory.resolve("db.sock"), processes.getFirst());
            vsctl("--no-wait", "init");
            vsctl(
                    "--no-wait",
                    "set",
                    "Open_vSwitch",
                    ".",
                    "other_config:dpdk-init=true",
                    "other_config:dpdk-lcore-mask=0x" + Integer.toHexString(1 << otherCore),
                    "other_config:pmd-cpu-mask=0x" + Integer.toHexString(1 << core),
                    "other_config:dpdk-extra=\"--in-memory --no-pci --no-telemetry\"");
            final List<String> line = List.of(
                    "unshare",
                    "--net",
                    program().orElseThrow().toString(),
                    database,
                    "--unixctl=" + control,
                    "--no-chdir");
            command = String.join(" ", line.subList(2, 3)) + " pmd-cpu-mask=0x" + Integer.toHexString(1 << core);
            daemon = new PeerProcess(environment, line, directory.resolve("vswitchd.txt"));
            processes.add(daemon);
            await(directory.resolve("control"), daemon);
            vsctl("add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=netdev", "fail-mode=secure");
        } catch (final IOException | InterruptedException e) {
            close();
            throw e;
        }
    }

    private static void await(Path socket, PeerProcess process) throws IOException, InterruptedException {
        for (int i = 0; i < 1000; i++) {
            if (Files.exists(socket)) {
                return;
            }
            if (!process.isAlive()) {
                break;
            }
            Thread.sleep(20);
        }
        throw new IOException("it does not start: " + process.lastWords());
    }

    /** Adds a DPDK device to a bridge. */
    void port(String bridge, String name, int number, String device) throws IOException, InterruptedException {
        vsctl(
                "add-port",
                bridge,
                name,
                "--",
                "set",
                "interface",
                name,
                "type=dpdk",
                "ofport_request=" + number,
                "options:dpdk-devargs=\"" + device + "\"");
        final String error = vsctl("get", "interface", name, "error");
        if (!error.equals("[]")) {
            throw new IOException("port " + name + ": " + error + ": " + lastWords());
        }
    }

    void removePort(String name) throws IOException, InterruptedException {
        vsctl("del-port", name);
    }

    /** A second bridge with the local tunnel end's address, and a tunnel to the other node on the first bridge. */
    void underlay(int tunnelPort) throws IOException, InterruptedException {
        vsctl(
                "add-br",
                UNDERLAY,
                "--",
                "set",
                "bridge",
                UNDERLAY,
                "datapath_type=netdev",
                "fail-mode=secure",
                "other-config:hwaddr=\"" + OWN_MAC + "\"");
        inNamespace("ip", "addr", "add", "192.168.0.1/24", "dev", UNDERLAY);
        inNamespace("ip", "link", "set", UNDERLAY, "up");
        vsctl(
                "add-port",
                BRIDGE,
                "tunnel",
                "--",
                "set",
                "interface",
                "tunnel",
                "type=vxlan",
                "ofport_request=" + tunnelPort,
                "options:remote_ip=192.168.0.2",
                "options:key=1",
                "options:dst_port=8472");
        appctl("ovs/route/add", "192.168.0.0/24", UNDERLAY);
        appctl("tnl/arp/set", UNDERLAY, "192.168.0.2", "02:00:00:00:00:02");
    }

    private void inNamespace(String... line) throws IOException, InterruptedException {
        final List<String> all = new ArrayList<>(List.of("nsenter", "-t", Long.toString(daemon.pid()), "-n"));
        all.addAll(List.of(line));
        Command.run(environment, all);
    }

    String vsctl(String... arguments) throws IOException, InterruptedException {
        final List<String> line = new ArrayList<>(List.of("ovs-vsctl", "--timeout=30", "--db=" + database));
        line.addAll(List.of(arguments));
        return Command.run(environment, line);
    }

    String ofctl(String verb, String bridge, String... arguments) throws IOException, InterruptedException {
        final List<String> line = new ArrayList<>(List.of("ovs-ofctl", "-O", "OpenFlow15", verb, bridge));
        line.addAll(List.of(arguments));
        return Command.run(environment, line);
    }

    String appctl(String... arguments) throws IOException, InterruptedException {
        final List<String> line = new ArrayList<>(List.of("ovs-appctl", "-t", control));
        line.addAll(List.of(arguments));
        return Command.run(environment, line);
    }

    /** Packets that the sink has taken. */
    long sent(String bridge) throws IOException, InterruptedException {
        return number(SENT, ofctl("dump-ports", bridge, "out"));
    }

    /** Packets that have come in by a port of the first bridge. */
    long arrived(String port) throws IOException, InterruptedException {
        return number(ARRIVED, ofctl("dump-ports", BRIDGE, port));
    }

    /** Packets that the polling thread has received. */
    long received() throws IOException, InterruptedException {
        return number(RECEIVED, appctl("dpif-netdev/pmd-stats-show"));
    }

    /** Connections that it tracks. */
    int connections() throws IOException, InterruptedException {
        return (int) number(TOTAL, appctl("dpctl/ct-stats-show"));
    }

    private static long number(Pattern pattern, String text) throws IOException {
        final Matcher matcher = pattern.matcher(text);
        if (!matcher.find()) {
            throw new IOException(
                    "no " + pattern + " in: " + text.lines().findFirst().orElse(""));
        }
        return Long.parseLong(matcher.group(1));
    }

    void pause() throws IOException, InterruptedException {
        daemon.pause();
    }

    void resume() throws IOException, InterruptedException {
        daemon.resume();
    }

    double cpuSeconds() throws IOException {
        return daemon.cpuSeconds();
    }

    String lastWords() throws IOException {
        return daemon.lastWords();
    }

    String command() {
        return command;
    }

    @Override
    public void close() {
        for (final PeerProcess process : processes.reversed()) {
            process.close();
        }
    }
}
