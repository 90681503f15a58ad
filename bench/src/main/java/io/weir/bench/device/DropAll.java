package io.weir.bench.device;

import io.weir.dataplane.linux.BpfInstructions;
import io.weir.dataplane.linux.BpfProgram;
import io.weir.dataplane.wire.IpPrefix;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A receiver that throws packets away before its network stack looks at them, by a program of a few instructions where the stack
 * begins. (What a receiver costs is charged to the core of the one who sends through a veth, so it should cost little.) The
 * interface counts what it has received.
 */
final class DropAll implements AutoCloseable {
    private static final int IPV4_DESTINATION = 14 + 16;
    private static final int IPV6_DESTINATION = 14 + 24;

    private final BpfProgram program;

    private DropAll(BpfProgram program) {
        this.program = program;
    }

    /**
     * For all to these networks; all else (address resolution) goes on.
     *
     * @param networks of IPv4; or whole addresses of IPv6, which are known by their last four bytes
     */
    static DropAll at(BenchNamespaces net, String label, String device, String... networks) {
        final BpfInstructions code = new BpfInstructions()
                .load4(BpfInstructions.R2, BpfInstructions.R1, BpfProgram.PACKET_DATA)
                .load4(BpfInstructions.R3, BpfInstructions.R1, BpfProgram.PACKET_DATA_END);
        for (final String network : networks) {
            check(code, IpPrefix.parse(network), "not " + network);
        }
        code.number(BpfInstructions.R0, BpfProgram.INGRESS_NEXT).exit();
        final BpfProgram program = BpfProgram.load(BpfProgram.Kind.INGRESS, "bench_drop", code);
        try {
            net.namespace(label).run(() -> program.attach(device));
        } catch (final RuntimeException e) {
            program.close();
            throw e;
        }
        return new DropAll(program);
    }

    /** Drops what is for a network, and goes on behind it with all else. */
    private static void check(BpfInstructions code, IpPrefix network, String other) {
        final boolean ipv6 = network.address().isIpv6();
        final byte[] bytes = network.address().toBytes();
        final int last = bytes.length - Integer.BYTES;
        final int address =
                ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).getInt(last);
        final int mask = ipv6 ? -1 : Integer.reverseBytes(-1 << (32 - network.length()));
        final int offset = ipv6 ? IPV6_DESTINATION + last : IPV4_DESTINATION;
        code.number(BpfInstructions.R0, BpfProgram.INGRESS_DROP)
                .move(BpfInstructions.R1, BpfInstructions.R2)
                .plus(BpfInstructions.R1, offset + Integer.BYTES)
                .jumpIfGreater(BpfInstructions.R1, BpfInstructions.R3, other)
                .load4(BpfInstructions.R1, BpfInstructions.R2, offset)
                .and4(BpfInstructions.R1, mask)
                .jumpUnlessEqual4(BpfInstructions.R1, address, other)
                .exit()
                .label(other);
    }

    @Override
    public void close() {
        program.close();
    }
}
