package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Tunnel packets on one port of the switch, as tshark sees them. */
final class TunnelCapture implements AutoCloseable {
    private static final List<String> IPV4 = List.of(
            "ip.version",
            "ip.hdr_len",
            "ip.dsfield",
            "ip.len",
            "ip.flags",
            "ip.frag_offset",
            "ip.ttl",
            "ip.proto",
            "udp.dstport",
            "udp.length",
            "vxlan.flags",
            "vxlan.vni",
            "vxlan.gbp",
            "vxlan.reserved8",
            "eth.type");
    private static final List<String> IPV6 = List.of(
            "ipv6.version",
            "ipv6.tclass",
            "ipv6.plen",
            "ipv6.nxt",
            "ipv6.hlim",
            "udp.dstport",
            "udp.length",
            "vxlan.flags",
            "vxlan.vni",
            "vxlan.gbp",
            "vxlan.reserved8",
            "eth.type");

    private final FlannelNetwork flannel;
    private final Path file;
    private final Process tcpdump;

    private TunnelCapture(FlannelNetwork flannel, Path file, Process tcpdump) {
        this.flannel = flannel;
        this.file = file;
        this.tcpdump = tcpdump;
    }

    static TunnelCapture start(FlannelNetwork flannel, String switchPort) {
        final Path file = flannel.directory.resolve("tunnel.pcap");
        final Process tcpdump = flannel.net.start(
                "switch",
                "tcpdump",
                "-i",
                switchPort,
                "-U",
                "--immediate-mode",
                "-Z",
                "root",
                "-w",
                file.toString(),
                "udp port 8472");
        FlannelNetwork.await("tcpdump", () -> Files.exists(file));
        return new TunnelCapture(flannel, file, tcpdump);
    }

    void stop() throws InterruptedException {
        Thread.sleep(300);
        tcpdump.destroy();
        tcpdump.waitFor(5, TimeUnit.SECONDS);
    }

    /** The outer headers of a node's first tunnel packet, by their fields. */
    Map<String, String> fields(boolean ipv4, int node) {
        final List<String> names = ipv4 ? IPV4 : IPV6;
        final String filter = ipv4 ? "ip.src==192.168.77." + node : "ipv6.src==fd01:77::" + node;
        final List<String> arguments = new ArrayList<>(List.of("-T", "fields", "-E", "occurrence=f", "-Y", filter));
        names.forEach(name -> arguments.addAll(List.of("-e", name)));
        final String text = tshark(arguments.toArray(String[]::new));
        assertThat(text).as(filter).isNotBlank();
        final String[] values = text.lines().findFirst().orElseThrow().split("\t", -1);
        final Map<String, String> byName = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++) {
            byName.put(names.get(i), values[i]);
        }
        return byName;
    }

    String tshark(String... arguments) {
        final List<String> command = new ArrayList<>(List.of(
                "sh",
                "-c",
                "exec tshark \"$@\" 2>/dev/null",
                "tshark",
                "-n",
                "-r",
                file.toString(),
                "-d",
                "udp.port==8472,vxlan",
                "-o",
                "ip.check_checksum:TRUE",
                "-o",
                "udp.check_checksum:TRUE"));
        command.addAll(List.of(arguments));
        return flannel.net.host(command.toArray(String[]::new));
    }

    @Override
    public void close() {
        tcpdump.destroyForcibly();
    }
}
