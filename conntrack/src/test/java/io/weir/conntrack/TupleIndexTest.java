package io.weir.conntrack;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TupleIndexTest {
    private static final int CAPACITY = 1 << 14;

    /** A table that has room for a connection must not refuse it because its tuples meet too many others in the index. */
    @Test
    void itTakesBothTuplesOfEveryEntryOfAFullTable() {
        final SplittableRandom random = new SplittableRandom(1);
        for (int round = 0; round < 1_000; round++) {
            try (TupleIndex index = new TupleIndex(CAPACITY, 0, random)) {
                int refused = 0;
                for (int reference = 0; reference < 2 * CAPACITY; reference++) {
                    refused += index.insert(random.nextInt(), reference) ? 0 : 1;
                }
                assertThat(refused).as("round %d", round).isZero();
            }
        }
    }
}
