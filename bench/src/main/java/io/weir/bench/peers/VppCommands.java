package io.weir.bench.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The commands with which VPP does the work of weir's scenarios, as its CLI reference documents them: packets of a capture come from
 * the packet generator's interface {@code pg0}, and leave by {@code pg1}, which counts and discards them. Policy and connection
 * tracking are the ACL plugin's {@code permit+reflect}, Services are {@code cnat}, a tunnel is a bridge domain with a routed
 * loopback, source NAT is the endpoint-dependent NAT44.
 */
final class VppCommands {
    static final String SOURCE = "pg0";
    static final String SINK = "pg1";
    static final String STREAM = "capture";

    private static final String OWN_MAC = "02:00:00:00:00:0a";
    private static final String RECEIVER_MAC = "02:00:00:00:00:02";
    private static final String REMOTE_VTEP_MAC = "02:42:00:00:00:02";
    private static final String UNLIMITED = "1000000000000000";
    private static final int BACKENDS = 10;
    private static final int RULES = 100;
    private static final List<String> KNOWN = List.of("l3", "ct", "nat", "lb", "policy", "vxlan-push", "chain");
    private static final String NAT = "nat";

    /** Of the ACL plugin's sessions; its own default. */
    private static final int FEWEST_BUCKETS = 65_536;

    private final PeerWork work;
    private final boolean service;
    private final boolean policy;
    private final boolean push;

    private VppCommands(PeerWork work) {
        this.work = work;
        final boolean chain = work.scenario().equals("chain");
        service = chain || work.scenario().equals("lb");
        policy = chain || work.scenario().equals("policy");
        push = chain || work.scenario().equals("vxlan-push");
    }

    /** Empty when there is no equivalent here. */
    static Optional<VppCommands> of(PeerWork work) {
        final boolean isKnown =
                KNOWN.contains(work.scenario()) && !(work.scenario().equals(NAT) && work.ipv6());
        return isKnown ? Optional.of(new VppCommands(work)) : Optional.empty();
    }

    /** What a configuration file would say. */
    String startup(String socket, String directory) {
        // twice the connections, because replies are expected for each
        final long connections = 4L * work.packets() + 100_000;
        return String.join(
                "\n",
                "unix { nodaemon nobanner cli-listen " + socket + " runtime-dir " + directory + " }",
                "cpu { main-core " + work.otherCore() + " corelist-workers " + work.core() + " }",
                "memory { main-heap-size 3G }",
                "buffers { buffers-per-numa 32768 }",
                "plugins { plugin dpdk_plugin.so { disable } }",
                "acl-plugin { connection count max " + connections + " connection hash buckets "
                        + Math.max(FEWEST_BUCKETS, Integer.highestOneBit(2 * work.packets())) + " }",
                "cnat { session-max-age 3600 tcp-max-age 3600 }",
                "");
    }

    /** In this order. */
    List<String> setUp() {
        final List<String> commands = new ArrayList<>();
        for (final String device : List.of(SOURCE, SINK)) {
            commands.add("create packet-generator interface " + device);
            commands.add("set interface mac address " + device + " " + OWN_MAC);
            commands.add("set interface state " + device + " up");
        }
        commands.add("set interface ip address " + SOURCE + " 10.0.255.254/16");
        commands.add("set interface ip address " + SOURCE + " fd00:a::ffff/64");
        // an address in the second net of those that are routed: the underlay's
        commands.add("set interface ip address " + SINK + " 198.51.100.1/24");
        commands.add("set interface ip address " + SINK + " fd00:d::1/64");
        commands.add("set ip neighbor static " + SINK + " 198.51.100.2 " + RECEIVER_MAC);
        commands.add("set ip neighbor static " + SINK + " fd00:d::2 " + RECEIVER_MAC);
        for (int i = 0; i < 8; i++) {
            commands.add("ip route add 192.168." + i + ".0/24 via 198.51.100.2 " + SINK);
        }
        if (push) {
            addTunnel(commands);
        } else {
            commands.add("ip route add 10.128.0.0/9 via 198.51.100.2 " + SINK);
            commands.add("ip route add fd00:b::/32 via fd00:d::2 " + SINK);
        }
        if (service) {
            commands.add(translation());
        }
        if (work.scenario().equals(NAT)) {
            commands.add("nat44 plugin enable sessions " + (2L * work.packets() + 1024));
            commands.add("nat44 add address 198.51.100.1");
            commands.add("set interface nat44 in " + SOURCE + " out " + SINK);
            commands.add("set nat timeout udp 3600 tcp-established 3600 tcp-transitory 3600");
        }
        if (policy || work.scenario().equals("ct") || work.scenario().equals("chain")) {
            commands.add("set acl-plugin acl " + (policy ? hundredRules() : everything()));
            commands.add("set acl-plugin interface " + SOURCE + " input acl 0");
        }
        commands.add("packet-generator new { name " + STREAM + " limit " + UNLIMITED + " interface " + SOURCE
                + " worker 0 pcap " + work.capture() + " }");
        return commands;
    }

    private static void addTunnel(List<String> commands) {
        commands.add("create vxlan tunnel src 198.51.100.1 dst 198.51.100.2 vni 1 instance 0 dst_port 8472");
        commands.add("create loopback interface");
        commands.add("set interface state loop0 up");
        commands.add("set interface ip address loop0 203.0.113.1/24");
        commands.add("set interface ip address loop0 fd00:e::1/64");
        commands.add("set interface l2 bridge loop0 1 bvi");
        commands.add("set interface l2 bridge vxlan_tunnel0 1");
        commands.add("l2fib add " + REMOTE_VTEP_MAC + " 1 vxlan_tunnel0 static");
        commands.add("set ip neighbor static loop0 203.0.113.2 " + REMOTE_VTEP_MAC);
        commands.add("set ip neighbor static loop0 fd00:e::2 " + REMOTE_VTEP_MAC);
        commands.add("ip route add 10.128.0.0/9 via 203.0.113.2 loop0");
        commands.add("ip route add fd00:b::/32 via fd00:e::2 loop0");
    }

    private String translation() {
        final StringBuilder command = new StringBuilder("cnat translation add proto ")
                .append(work.tcp() ? "TCP" : "UDP")
                .append(work.ipv6() ? " vip fd00:c::10 80" : " vip 10.96.0.10 80");
        for (int i = 1; i <= BACKENDS; i++) {
            command.append(work.ipv6() ? " to ->fd00:b::" + Integer.toHexString(i) : " to ->10.128.0." + i)
                    .append(" 8080");
        }
        return command.toString();
    }

    /** The last of them lets the packets pass; a Service's virtual address is what the list sees. */
    private String hundredRules() {
        final List<String> rules = new ArrayList<>();
        for (int i = 1; i < RULES; i++) {
            rules.add("permit src 10.0.0.0/16 dst 172.16." + i + ".0/24 proto 6 dport " + (1000 + i));
        }
        final String receivers =
                work.ipv6() ? service ? "fd00:c::10/128" : "fd00:b::/32" : service ? "10.96.0.10/32" : "10.128.0.0/9";
        rules.add("permit+reflect src " + (work.ipv6() ? "fd00:a::/64" : "10.0.0.0/16") + " dst " + receivers);
        return String.join(", ", rules);
    }

    private String everything() {
        return work.ipv6() ? "permit+reflect src ::/0 dst ::/0" : "permit+reflect src 0.0.0.0/0 dst 0.0.0.0/0";
    }
}
