package io.weir.conntrack;

import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.route.AdjacencyTable;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Makes the stages from specs. Conductor thread only. The connection table is made once and lives on: a new configuration
 * changes timeouts, switches and rules, never the connections or their translations. So a change touches no version slot.
 */
public final class ConntrackCompiler implements AutoCloseable {
    private final ConntrackTable table;
    private final FragmentTracker fragments;
    private final BackendStates backends;
    private ConntrackSpec spec;

    /**
     * Makes an empty connection table.
     *
     * @param slots gives the slot that decisions on connections depend on
     * @param seed  of the table's hash: random in production
     */
    public ConntrackCompiler(ConntrackSpec spec, BackendStates backends, VersionSlots slots, SplittableRandom seed) {
        this.spec = spec;
        this.backends = backends;
        table = new ConntrackTable(spec, slots.allocate(), seed.nextLong(), backends);
        fragments = new FragmentTracker(spec);
    }

    /**
     * Stages that follow the new specs, over the same connections.
     *
     * @throws IllegalArgumentException when the new spec changes what is fixed when weir starts: the sizes of the
     *     connection table and of the fragment tracker, and the fragment timeout
     */
    public ConntrackStages compile(ConntrackSpec newSpec, SnatSpec snat) {
        return compile(newSpec, snat, null);
    }

    /**
     * The same for a node with tunnels.
     *
     * @param adjacencies tells which ways out are tunnels; null where there are none
     */
    public ConntrackStages compile(ConntrackSpec newSpec, SnatSpec snat, @Nullable AdjacencyTable adjacencies) {
        if (newSpec.capacity() != spec.capacity()
                || newSpec.fragmentDatagrams() != spec.fragmentDatagrams()
                || newSpec.fragmentFrames() != spec.fragmentFrames()
                || !newSpec.fragmentTimeout().equals(spec.fragmentTimeout())) {
            throw new IllegalArgumentException("the sizes of conntrack's tables and the fragment timeout cannot change"
                    + " while weir runs: restart it");
        }
        spec = newSpec;
        table.settings(new ConntrackSettings(newSpec));
        final SourcePorts ports = new SourcePorts(table, snat);
        return new ConntrackStages(
                new ConntrackStage(table, backends, fragments),
                new SnatStage(table, new SnatTable(snat), ports, adjacencies),
                new CommitStage(table, ports, backends, fragments));
    }

    /** For the flow cache, the sweeps and the tools. */
    public ConntrackTable table() {
        return table;
    }

    /** For the workers, which drain it. */
    public FragmentTracker fragments() {
        return fragments;
    }

    /** When no worker uses the stages any more. */
    @Override
    public void close() {
        table.close();
        fragments.close();
    }
}
