package io.weir.dataplane.segmentation;

import static io.weir.dataplane.wire.PacketBuilder.packet;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.wire.PacketBuilder;
import io.weir.dataplane.wire.ReferenceChecksum;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterProperty;

class FragmenterPropertyTest {
    private static final byte[] HEADER = {2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 8, 0};

    private final OffloadRig rig = new OffloadRig();
    private final Fragmenter fragmenter = new Fragmenter();

    @AfterProperty
    void close() {
        rig.close();
    }

    /** Sends a frame's IP packet by an adjacency of this MTU; returns the fragments from their IP header on. */
    private List<byte[]> fragments(byte[] frame, int mtu, int notes) {
        final int index = rig.adjacencies.add(OffloadRig.SMALL, AdjacencyTable.ETHERNET, mtu, HEADER);
        final int handle = rig.slot(frame);
        final long ip = rig.pool.frameAddress(handle) + 14;
        fragmenter.fragment(rig.adjacencies.entry(index), ip, frame.length - 14, notes, 0, rig.transmitter);
        rig.transmitter.release(handle);
        final List<byte[]> pieces = new ArrayList<>();
        for (final byte[] piece : rig.bytes(rig.flush(rig.small))) {
            assertThat(Arrays.copyOf(piece, 14)).isEqualTo(HEADER);
            pieces.add(Arrays.copyOfRange(piece, 14, piece.length));
        }
        rig.adjacencies.remove(index);
        return pieces;
    }

    @Property(tries = 500)
    void piecesTogetherAreTheWhole(
            @ForAll @IntRange(min = 68, max = 3000) int mtu,
            @ForAll @IntRange(max = 20_000) int length,
            @ForAll @IntRange(max = 4) int optionKind,
            @ForAll boolean isFragmentItself,
            @ForAll boolean partial) {
        final int[][] options = {
            {}, {148, 4, 0, 0}, {7, 7, 4, 0, 0, 0, 0}, {1, 68, 8, 5, 0, 0, 0, 0, 0, 0x88, 4, 1, 2}, {0x82, 11, 1}
        };
        final PacketBuilder builder =
                packet().ethernet().ipv4("10.0.0.1", "10.0.0.2").id(77).ttl(9).ipOptions(options[optionKind]);
        final boolean completes = partial && !isFragmentItself;
        if (isFragmentItself) {
            builder.fragmentOffset(8000).moreFragments().protocol(17).payloadOf((length + 8) & -8);
        } else {
            builder.udp(1, 2).payloadOf(length);
        }
        final byte[] right = builder.build();
        final byte[] frame = right.clone();
        final int header = (frame[14] & 0xF) * 4;
        if (completes) {
            SegmenterPropertyTest.putPseudoSum(frame, false, 14 + header, 14 + header + 6, 17);
        }
        final List<byte[]> pieces = fragments(frame, mtu, completes ? Burst.CHECKSUM_PARTIAL : 0);

        final byte[] together = new byte[right.length - 14 - header];
        int done = 0;
        for (int i = 0; i < pieces.size(); i++) {
            final byte[] piece = pieces.get(i);
            final int pieceHeader = (piece[0] & 0xF) * 4;
            final int data = piece.length - pieceHeader;
            final int field = int16(piece, 6);
            final boolean last = i == pieces.size() - 1;
            assertThat(piece.length).isLessThanOrEqualTo(Math.max(mtu, 0)).isEqualTo(int16(piece, 2));
            assertThat(ReferenceChecksum.internet(piece, 0, pieceHeader)).isZero();
            assertThat(field & 0x1FFF).isEqualTo(((isFragmentItself ? 8000 : 0) + done) / 8);
            assertThat((field & 0x2000) != 0).isEqualTo(!last || isFragmentItself);
            assertThat(int16(piece, 4)).isEqualTo(77);
            assertThat(piece[8]).isEqualTo((byte) 9);
            assertThat(Arrays.copyOfRange(piece, 12, 20)).isEqualTo(Arrays.copyOfRange(right, 26, 34));
            assertThat(Arrays.copyOfRange(piece, 20, pieceHeader))
                    .isEqualTo(i == 0 ? Arrays.copyOfRange(right, 34, 14 + header) : copied(optionKind));
            if (!last) {
                assertThat(data % 8).isZero();
            }
            System.arraycopy(piece, pieceHeader, together, done, data);
            done += data;
        }
        assertThat(done).isEqualTo(together.length);
        assertThat(together).isEqualTo(Arrays.copyOfRange(right, 14 + header, right.length));
    }

    /** The options whose copied flag is set, padded: router alert, none, the stream identifier, none (cut short). */
    private static byte[] copied(int optionKind) {
        return switch (optionKind) {
            case 1 -> new byte[] {(byte) 148, 4, 0, 0};
            case 3 -> new byte[] {(byte) 0x88, 4, 1, 2};
            default -> new byte[0];
        };
    }

    @Property(tries = 1)
    void aLinkThatTakesNoDataIsNamed() {
        final byte[] frame = packet().ethernet()
                .ipv4("10.0.0.1", "10.0.0.2")
                .udp(1, 2)
                .payloadOf(100)
                .build();
        assertThat(fragments(frame, 20, 0)).isEmpty();
        assertThat(rig.counters.drops(DataplaneDrop.SEGMENTATION_FAILED.id())).isOne();
    }

    private static int int16(byte[] bytes, int offset) {
        return (bytes[offset] & 0xFF) << 8 | (bytes[offset + 1] & 0xFF);
    }
}
