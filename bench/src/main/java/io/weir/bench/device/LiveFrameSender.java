package io.weir.bench.device;

import io.weir.dataplane.linux.BpfInstructions;
import io.weir.dataplane.linux.BpfMap;
import io.weir.dataplane.linux.BpfProgram;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.Rtnetlink;
import java.util.List;

/**
 * Sends the same frames over and over from inside the kernel: an XDP program, run on pages that the kernel recycles
 * (BPF_PROG_TEST_RUN with live frames, Linux 5.18), writes one frame after the other into them and redirects them to the
 * interface. That costs a tenth of what a packet socket does, so what is behind the interface becomes the limit. The other end of
 * a veth must poll (have an XDP program, or GRO) to receive such frames.
 */
final class LiveFrameSender implements FrameSource {
    /** The kernel does not return before all are sent, and whoever closes this waits: seconds where little goes through. */
    private static final int FRAMES_PER_CALL = 1 << 16;

    private static final int BATCH = 64;
    private static final int WORD = 8;

    private final BpfMap state;
    private final BpfMap frameMap;
    private final BpfProgram program;
    private final SendingThread thread;

    /**
     * Starts to send.
     *
     * @param frames of one length
     * @param core   that the sending thread is bound to
     */
    LiveFrameSender(NetworkNamespace namespace, String device, List<byte[]> frames, int core) {
        final int length = frames.getFirst().length;
        final int words = (length + WORD - 1) / WORD;
        state = BpfMap.array("bench_state", 2, WORD);
        frameMap = BpfMap.array("bench_frames", frames.size(), words * WORD);
        for (int i = 0; i < frames.size(); i++) {
            final byte[] value = new byte[words * WORD];
            System.arraycopy(frames.get(i), 0, value, 0, length);
            frameMap.put(i, value);
        }
        final int index;
        try (Rtnetlink network = Rtnetlink.open(namespace)) {
            index = network.links().find(device).orElseThrow().index();
        }
        program = BpfProgram.load(BpfProgram.Kind.XDP, "bench_sender", instructions(frames.size(), words, index));
        final byte[] room = new byte[words * WORD];
        thread = new SendingThread(
                core,
                isEnding -> namespace.run(() -> {
                    while (!isEnding.getAsBoolean()) {
                        program.runLive(room, 0, FRAMES_PER_CALL, BATCH);
                    }
                }));
    }

    private BpfInstructions instructions(int frames, int words, int interfaceIndex) {
        final BpfInstructions code = new BpfInstructions()
                .load4(BpfInstructions.R7, BpfInstructions.R1, BpfProgram.CONTEXT_DATA)
                .load4(BpfInstructions.R8, BpfInstructions.R1, BpfProgram.CONTEXT_DATA_END)
                // how many there were so far
                .number(BpfInstructions.R1, 1);
        lookup(code, state).load8(BpfInstructions.R1, BpfInstructions.R0, 0);
        code.plus(BpfInstructions.R1, 1).store8(BpfInstructions.R0, 0, BpfInstructions.R1);
        // which is the next
        code.number(BpfInstructions.R1, 0);
        lookup(code, state)
                .load8(BpfInstructions.R1, BpfInstructions.R0, 0)
                .plus(BpfInstructions.R1, 1)
                .jumpUnlessEqual(BpfInstructions.R1, frames, "inside")
                .number(BpfInstructions.R1, 0)
                .label("inside")
                .store8(BpfInstructions.R0, 0, BpfInstructions.R1);
        lookup(code, frameMap)
                .move(BpfInstructions.R1, BpfInstructions.R7)
                .plus(BpfInstructions.R1, words * WORD)
                .jumpIfGreater(BpfInstructions.R1, BpfInstructions.R8, "drop");
        for (int word = 0; word < words; word++) {
            code.load8(BpfInstructions.R2, BpfInstructions.R0, word * WORD)
                    .store8(BpfInstructions.R7, word * WORD, BpfInstructions.R2);
        }
        return code.number(BpfInstructions.R1, interfaceIndex)
                .number(BpfInstructions.R2, 0)
                .call(BpfProgram.REDIRECT)
                .exit()
                .label("drop")
                .number(BpfInstructions.R0, BpfProgram.DROP)
                .exit();
    }

    /** Register 0 becomes the address of the map's value at the index in register 1. */
    private static BpfInstructions lookup(BpfInstructions code, BpfMap map) {
        return code.store4(BpfInstructions.R10, -4, BpfInstructions.R1)
                .move(BpfInstructions.R2, BpfInstructions.R10)
                .plus(BpfInstructions.R2, -4)
                .map(BpfInstructions.R1, map)
                .call(BpfProgram.MAP_LOOKUP)
                .jumpIfEqual(BpfInstructions.R0, 0, "drop");
    }

    @Override
    public long sent() {
        return state.number(1);
    }

    @Override
    public void close() {
        thread.end();
        program.close();
        frameMap.close();
        state.close();
    }
}
