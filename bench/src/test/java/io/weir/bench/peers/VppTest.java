package io.weir.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** VPP's two programs are stand-ins here: what is tested is what weir bench asks them, and what it makes of their answers. */
class VppTest {
    /** Writes down what it is asked; counts 64 packets for each millisecond since the beginning, a share of them sent. */
    private static final String CONTROL = """
            #!/bin/sh
            cd "$(dirname "$0")"
            shift 2
            echo "$*" >>asked
            now=$(($(date +%%s%%N) / 1000000 - $(cat began)))
            case "$*" in
              "show interface pg0") echo "pg0  1  up  9000/0/0/0     rx packets   $((now * 64))" ;;
              "show interface pg1") echo "pg1  2  up  9000/0/0/0     tx packets   $((now * %d))" ;;
              "create packet-generator interface"*|"create loopback"*) echo "${4:-loop0}" ;;
              "create vxlan"*) echo vxlan_tunnel0 ;;
              "set acl-plugin acl"*) echo "ACL index:0" ;;
              %s
            esac
            """;

    @TempDir
    private Path directory;

    private final AtomicBoolean closed = new AtomicBoolean();

    @BeforeEach
    void daemon() throws IOException {
        script("vpp", "#!/bin/sh\nexec sleep 120\n");
        Files.writeString(directory.resolve("began"), Long.toString(System.currentTimeMillis()));
    }

    private void script(String name, String text) throws IOException {
        final Path file = directory.resolve(name);
        Files.writeString(file, text);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private PeerWork work(String scenario, boolean ipv6) {
        return new PeerWork(scenario, directory.resolve("packets.pcap"), 1000, 64, ipv6, false, 1, directory);
    }

    private PeerSession open(String scenario) throws IOException, InterruptedException {
        return new Vpp(
                        directory.resolve("vpp").toString(),
                        directory.resolve("vppctl").toString())
                .open(work(scenario, false), () -> closed.set(true));
    }

    @Test
    void isSetUpWatchedAndEnded() throws Exception {
        script("vppctl", CONTROL.formatted(64, "\"never\") ;;"));
        try (PeerSession session = open("chain")) {
            final PeerRun run = session.run(0.3);
            assertThat(run.mpps()).isBetween(0.02, 0.3);
            assertThat(session.note()).contains("no VPP");
        }
        assertThat(closed).isTrue();
        final List<String> asked = Files.readAllLines(directory.resolve("asked"));
        assertThat(asked)
                .containsSubsequence(
                        "show version",
                        "create packet-generator interface pg0",
                        "create vxlan tunnel src 198.51.100.1 dst 198.51.100.2 vni 1 instance 0 dst_port 8472",
                        "ip route add 10.128.0.0/9 via 203.0.113.2 loop0",
                        "set acl-plugin interface pg0 input acl 0",
                        "packet-generator enable-stream capture",
                        "show interface pg1");
        assertThat(asked).anyMatch(line -> line.startsWith("cnat translation add proto UDP vip 10.96.0.10 80 to"));
        assertThat(Files.readString(directory.resolve("vpp.conf")))
                .contains("main-core 0 corelist-workers 1", "cli-listen " + directory.resolve("vpp-cli.sock"));
    }

    @Test
    void whatItRefusesOrLosesIsSaid() throws Exception {
        script("vppctl", CONTROL.formatted(64, "\"set interface l2\"*) echo \"unknown input 'l2'\" ;;"));
        assertThatThrownBy(() -> open("vxlan-push"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("vpp refuses 'set interface l2 bridge loop0 1 bvi': unknown input");
        script("vppctl", CONTROL.formatted(0, "\"show errors\") echo \"ip4 no route\" ;;"));
        assertThatThrownBy(() -> open("l3")).isInstanceOf(IOException.class).hasMessageContaining("forwarded 0");
    }

    @Test
    void whatItHasNoEquivalentForIsSkipped() {
        final Vpp vpp = new Vpp("/no/vpp", "/no/vppctl");
        assertThat(vpp.obstacle(work("vxlan-pop", false)))
                .hasValueSatisfying(reason -> assertThat(reason).contains("no equivalent of vxlan-pop"));
        assertThat(vpp.obstacle(work("nat", true)))
                .hasValueSatisfying(reason -> assertThat(reason).contains("no equivalent of nat"));
        assertThat(VppCommands.of(work("nat", false)).orElseThrow().setUp())
                .containsSubsequence(
                        "nat44 plugin enable sessions 3024",
                        "nat44 add address 198.51.100.1",
                        "set interface nat44 in pg0 out pg1");
        assertThat(VppCommands.of(work("ct", true)).orElseThrow().setUp())
                .contains("set acl-plugin acl permit+reflect src ::/0 dst ::/0");
        assertThat(VppCommands.of(work("lb", true)).orElseThrow().setUp())
                .anyMatch(command ->
                        command.startsWith("cnat translation add proto UDP vip fd00:c::10 80 to ->fd00:b::1 8080"));
    }
}
