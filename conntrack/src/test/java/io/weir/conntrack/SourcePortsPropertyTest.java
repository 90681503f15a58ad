package io.weir.conntrack;

import static io.weir.conntrack.SenderThreads.NODE;
import static io.weir.conntrack.SenderThreads.START_NS;
import static io.weir.conntrack.SenderThreads.assertConsistent;
import static io.weir.conntrack.SenderThreads.compiler;
import static io.weir.conntrack.SenderThreads.inThreads;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.pipeline.Verdict;
import io.weir.dataplane.wire.IpPrefix;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Random crowds behind one address, opened by several threads at once. */
class SourcePortsPropertyTest {
    /**
     * Whatever pods, ports and destinations are, and however few ports are allowed: no two live connections share a
     * translated tuple, none uses an excluded port, and none is refused while a port is free.
     */
    @Property(tries = 60)
    void noTwoConnectionsShareATranslatedTuple(
            @ForAll @IntRange(min = 2, max = 4) int threads,
            @ForAll @IntRange(min = 1, max = 300) int pods,
            @ForAll @IntRange(min = 1, max = 6) int ports,
            @ForAll @IntRange(min = 1, max = 3) int destinations,
            @ForAll @IntRange(min = 20, max = 400) int free,
            @ForAll boolean randomFully,
            @ForAll long seed)
            throws InterruptedException {
        // privileged ports stay privileged, so of these the ones from 600 to 599 + free are allowed
        final int excludedLow = 600 + free;
        final SnatSpec masquerade = new SnatSpec(
                SnatRule.ipMasqAgent(List.of(IpPrefix.parse("10.0.0.0/8")), List.of(), true, true),
                Map.of(),
                List.of(NODE),
                excludedLow,
                1023,
                randomFully);
        final ConntrackSpec spec = ConntrackSpec.DEFAULT.withCapacity(1 << 14);
        final AtomicLong opened = new AtomicLong();
        final AtomicLong refused = new AtomicLong();
        try (VersionSlots slots = new VersionSlots(8);
                ConntrackCompiler compiler = compiler(spec, slots)) {
            inThreads(threads, compiler, masquerade, spec, (thread, sender) -> {
                final SplittableRandom random = new SplittableRandom(seed + thread);
                for (int i = 0; i < 1_500; i++) {
                    final Verdict verdict = sender.send(
                            0x0AF40000 | random.nextInt(pods),
                            600 + random.nextInt(ports),
                            0x01010101 + random.nextInt(destinations),
                            53,
                            START_NS);
                    if (verdict == Verdict.FORWARD) {
                        opened.incrementAndGet();
                        assertThat(sender.decision.sourcePort()).isBetween(600, excludedLow - 1);
                    } else {
                        assertThat(sender.decision.reason()).isEqualTo(ConntrackDrop.SNAT_PORTS_EXHAUSTED);
                        refused.incrementAndGet();
                    }
                }
            });
            assertConsistent(compiler.table(), START_NS);
            assertThat(compiler.table().count()).isLessThanOrEqualTo((long) free * destinations);
            if (compiler.table().count() < free) {
                assertThat(refused)
                        .as("refused while no destination had used all ports")
                        .hasValue(0);
            }
            assertThat(opened.get() + refused.get()).isEqualTo(1_500L * threads);
        }
    }
}
