package io.weir.dataplane.offload;

import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.BpfProgram;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import io.weir.dataplane.wire.PacketBuilder;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Entries that change addresses and ports, run by the kernel on single packets of both directions. */
@TopologyTest
class OffloadTranslationTopologyTest {
    private static final MacAddress CLIENT = MacAddress.parse("02:00:00:00:00:0a");
    private static final MacAddress GATEWAY = MacAddress.parse("ee:ee:ee:ee:ee:ee");
    private static final MacAddress SERVER = MacAddress.parse("02:00:00:00:00:0b");
    private static final int CLIENT_END = 5;
    private static final int SERVER_END = 7;
    private static final int TAP = 6;

    private OffloadTable table;
    private BpfProgram fromClient;
    private BpfProgram fromServer;

    @BeforeEach
    void load() {
        table = new OffloadTable(64);
        fromClient = load(CLIENT_END, CLIENT);
        fromServer = load(SERVER_END, SERVER);
    }

    private BpfProgram load(int hostEnd, MacAddress pod) {
        return BpfProgram.load(
                BpfProgram.Kind.INGRESS,
                "weir_from_pod",
                OffloadPrograms.fromPod(table.table(), hostEnd, TAP, pod, GATEWAY));
    }

    @AfterEach
    void unload() {
        fromServer.close();
        fromClient.close();
        table.close();
    }

    /** A connection as its two ends see it. */
    private record Translated(OffloadKey original, OffloadKey reply) {
        static Translated of(boolean ipv6, boolean isMasqueraded) {
            final String client = ipv6 ? "fd00::a" : "10.9.0.10";
            final String service = ipv6 ? "fd00:ffff::80" : "10.96.0.9";
            final String server = ipv6 ? "fd00:1:2:3::b" : "10.9.0.11";
            final String node = ipv6 ? "fd00:192::1" : "192.168.0.1";
            return new Translated(
                    key(1, client, service, 40_000, 80),
                    isMasqueraded ? key(2, server, node, 8080, 1234) : key(2, server, client, 8080, 40_000));
        }

        private static OffloadKey key(int port, String source, String destination, int from, int to) {
            return new OffloadKey(port, IpAddress.parse(source), IpAddress.parse(destination), from, to);
        }

        Translated turned() {
            return new Translated(/* original= */ reply, /* reply= */ original);
        }
    }

    private void add(Translated connection) {
        assertThat(table.add(
                        new OffloadedFlow(connection.original, connection.reply, 2, GATEWAY, SERVER, 1500),
                        new OffloadEnd(CLIENT_END, CLIENT_END),
                        new OffloadedFlow(connection.reply, connection.original, 1, GATEWAY, CLIENT, 1500),
                        new OffloadEnd(SERVER_END, SERVER_END)))
                .isTrue();
    }

    private static PacketBuilder packet(MacAddress from, MacAddress to, OffloadKey key) {
        return PacketBuilder.packet()
                .ethernet(from, to)
                .ip(key.source().toString(), key.destination().toString())
                .tcp(key.sourcePort(), key.destinationPort())
                .flags("A")
                .timestamps(3, 4);
    }

    /** What comes in by the one key leaves as what the other one answers; payload and hop limit are the same numbers. */
    private void assertCarried(Translated connection, PacketBuilder[] frames, BpfProgram program) {
        final OffloadCount before = table.count(connection.original);
        final BpfProgram.Run run = program.run(frames[0].build(), 0, 0);
        assertThat(run.result()).isEqualTo(BpfProgram.INGRESS_REDIRECT);
        assertThat(run.frame()).isEqualTo(frames[1].build());
        assertPacket(run.frame()).checksumsValid();
        assertThat(table.count(connection.original).packets() - before.packets())
                .isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"false, false", "true, false", "false, true", "true, true"})
    void bothDirectionsAreRewrittenAndTheirChecksumsKept(boolean ipv6, boolean isMasqueraded) {
        final Translated connection = Translated.of(ipv6, isMasqueraded);
        add(connection);
        final Random random = new Random(7);
        for (int i = 0; i < 2000; i++) {
            final byte[] payload = new byte[random.nextInt(5) == 0 ? 0 : random.nextInt(1200)];
            random.nextBytes(payload);
            final int ttl = 2 + random.nextInt(254);
            final int id = random.nextInt(65536);
            final long seq = random.nextInt() & 0xFFFF_FFFFL;
            final OffloadKey there = connection.original;
            final OffloadKey back = connection.reply;
            final PacketBuilder[] out = new PacketBuilder[2];
            final PacketBuilder[] home = new PacketBuilder[2];
            for (int side = 0; side < 2; side++) {
                out[side] = side == 0 ? packet(CLIENT, GATEWAY, there) : packet(GATEWAY, SERVER, back.swapped(0));
                home[side] = side == 0 ? packet(SERVER, GATEWAY, back) : packet(GATEWAY, CLIENT, there.swapped(0));
                for (final PacketBuilder each : new PacketBuilder[] {out[side], home[side]}) {
                    each.ttl(ttl - side).seq(seq).ack(i).payload(payload);
                    if (!ipv6) {
                        each.id(id);
                    }
                }
            }
            assertCarried(connection, out, fromClient);
            assertCarried(connection.turned(), home, fromServer);
        }
    }

    /** The kernel takes either of two connections that differ in what they become. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anEndClosesBothDirectionsAndNoOtherConnection(boolean ipv6) {
        final Translated connection = Translated.of(ipv6, true);
        final Translated other = Translated.of(!ipv6, true);
        for (final boolean isByServer : new boolean[] {false, true}) {
            for (final String flags : new String[] {"FA", "R", "S"}) {
                add(connection);
                add(other);
                assertThat(carries(connection)).containsExactly(true, true);
                final byte[] end = (isByServer
                                ? packet(SERVER, GATEWAY, connection.reply)
                                : packet(CLIENT, GATEWAY, connection.original))
                        .flags(flags)
                        .build();
                assertThat((isByServer ? fromServer : fromClient).run(end, 0, 0).frame())
                        .isEqualTo(end);
                assertThat(carries(connection)).as(flags).containsExactly(false, false);
                assertThat(carries(other)).containsExactly(true, true);
            }
        }
    }

    /** A slot that somebody else has now is not closed for one that had it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRemovedPartnerIsForgotten(boolean isOriginal) {
        final Translated connection = Translated.of(false, false);
        final Translated other = Translated.of(true, false);
        for (final Translated each : List.of(connection, other)) {
            add(each);
            table.remove(isOriginal ? each.original : each.reply);
        }
        assertThat(carries(connection)).containsExactly(!isOriginal, isOriginal);
        // slots that were in use rest until a sixteenth of them does: then others get them, in the end all
        for (int port = 1; port <= 30; port++) {
            add(numbered(port));
        }
        for (int port = 1; port <= 30; port++) {
            table.remove(numbered(port).original);
            table.remove(numbered(port).reply);
        }
        for (int port = 1; port <= 31; port++) {
            add(numbered(port));
        }
        assertThat(table.size()).isEqualTo(64);
        for (final Translated each : List.of(connection, other)) {
            final byte[] end = (isOriginal
                            ? packet(SERVER, GATEWAY, each.reply)
                            : packet(CLIENT, GATEWAY, each.original))
                    .flags("R")
                    .build();
            (isOriginal ? fromServer : fromClient).run(end, 0, 0);
            assertThat(carries(each)).containsExactly(false, false);
        }
        for (int port = 1; port <= 31; port++) {
            assertThat(carries(numbered(port))).as("port %d", port).containsExactly(true, true);
        }
    }

    private static Translated numbered(int clientPort) {
        return new Translated(
                Translated.key(1, "10.9.0.12", "10.96.0.9", clientPort, 80),
                Translated.key(2, "10.9.0.11", "10.9.0.12", 8080, clientPort));
    }

    private boolean[] carries(Translated connection) {
        final byte[] there = packet(CLIENT, GATEWAY, connection.original).build();
        final byte[] back = packet(SERVER, GATEWAY, connection.reply).build();
        return new boolean[] {
            !Arrays.equals(fromClient.run(there, 0, 0).frame(), there),
            !Arrays.equals(fromServer.run(back, 0, 0).frame(), back)
        };
    }

    /** The rewrite does not depend on what the checksum was: a wrong one stays wrong. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aWrongChecksumStaysWrong(boolean ipv6) {
        final Translated connection = Translated.of(ipv6, true);
        add(connection);
        final byte[] wrong =
                packet(CLIENT, GATEWAY, connection.original).payloadOf(100).build();
        final byte[] right = wrong.clone();
        final int checksum = 14 + (ipv6 ? 40 : 20) + 16;
        wrong[checksum + 1] ^= 1;
        final short is = ByteBuffer.wrap(fromClient.run(right, 0, 0).frame()).getShort(checksum);
        final short was = ByteBuffer.wrap(fromClient.run(wrong, 0, 0).frame()).getShort(checksum);
        assertThat(was).isNotEqualTo(is);
    }
}
