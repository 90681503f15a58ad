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

    private final BpfProgram program;

    private DropAll(BpfProgram program) {
        this.program = program;
    }

    /** For all to an IPv4 network; all else (address resolution) goes on. */
    static DropAll at(BenchNamespaces net, String label, String device, String network) {
        final IpPrefix prefix = IpPrefix.parse(network);
        final byte[] bytes = prefix.address().toBytes();
        final int address =
                ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).getInt();
        final int mask = Integer.reverseBytes(-1 << (32 - prefix.length()));
        final BpfInstructions code = new BpfInstructions()
                .load4(BpfInstructions.R2, BpfInstructions.R1, BpfProgram.PACKET_DATA)
                .load4(BpfInstructions.R3, BpfInstructions.R1, BpfProgram.PACKET_DATA_END)
                .number(BpfInstructions.R0, BpfProgram.INGRESS_NEXT)
                .move(BpfInstructions.R1, BpfInstructions.R2)
                .plus(BpfInstructions.R1, IPV4_DESTINATION + Integer.BYTES)
                .jumpIfGreater(BpfInstructions.R1, BpfInstructions.R3, "on")
                .load4(BpfInstructions.R1, BpfInstructions.R2, IPV4_DESTINATION)
                .and4(BpfInstructions.R1, mask)
                .jumpUnlessEqual4(BpfInstructions.R1, address, "on")
                .number(BpfInstructions.R0, BpfProgram.INGRESS_DROP)
                .label("on")
                .exit();
        final BpfProgram program = BpfProgram.load(BpfProgram.Kind.INGRESS, "bench_drop", code);
        try {
            net.namespace(label).run(() -> program.attach(device));
        } catch (final RuntimeException e) {
            program.close();
            throw e;
        }
        return new DropAll(program);
    }

    @Override
    public void close() {
        program.close();
    }
}
