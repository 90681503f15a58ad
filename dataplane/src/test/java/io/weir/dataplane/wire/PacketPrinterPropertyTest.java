package io.weir.dataplane.wire;

import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Random and mutated packets print, whole and cut at every length; see {@link PacketPrinterFuzzTest} for what holds. */
class PacketPrinterPropertyTest {
    @Property(tries = 2000)
    void randomBytes(@ForAll byte[] bytes) {
        PacketPrinterFuzzTest.printBothWays(bytes);
    }

    @Property(tries = 20_000)
    void mutatedPackets(@ForAll long seed) {
        PacketPrinterFuzzTest.printBothWays(SamplePackets.mutate(new Random(seed)));
    }

    @Property(tries = 1)
    void everyPrefixOfEverySample() {
        for (final byte[] frame : SamplePackets.all().values()) {
            for (int length = 0; length <= frame.length; length++) {
                PacketPrinterFuzzTest.printBothWays(Arrays.copyOf(frame, length));
            }
        }
    }
}
