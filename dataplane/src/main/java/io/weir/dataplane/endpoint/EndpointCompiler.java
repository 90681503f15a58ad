package io.weir.dataplane.endpoint;

import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.route.PrefixTrie;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Turns the list of local addresses into a table, touching what each change concerns. Conductor thread only. */
public final class EndpointCompiler {
    private final VersionSlots slots;
    private final int[] absenceSlots = new int[EndpointTable.ABSENCE_SLOTS];
    private final Map<IpAddress, Endpoint> endpoints = new HashMap<>();
    private PrefixTrie<Endpoint> trie = PrefixTrie.empty();

    public EndpointCompiler(VersionSlots slots) {
        this.slots = slots;
        for (int i = 0; i < absenceSlots.length; i++) {
            absenceSlots[i] = slots.allocate();
        }
    }

    /** The table as of the last change. */
    public EndpointTable table() {
        return new EndpointTable(trie, absenceSlots);
    }

    /** Makes the endpoints be exactly these. */
    public EndpointTable compile(Collection<EndpointSpec> wanted, Changes changes) {
        final Map<IpAddress, EndpointSpec> next = HashMap.newHashMap(wanted.size());
        for (final EndpointSpec spec : wanted) {
            next.put(spec.address(), spec);
        }
        for (final Endpoint endpoint : List.copyOf(endpoints.values())) {
            final IpAddress address = endpoint.spec().address();
            if (!next.containsKey(address)) {
                endpoints.remove(address);
                trie = trie.remove(IpPrefix.host(address));
                changes.release(endpoint.slot());
            }
        }
        for (final EndpointSpec spec : next.values()) {
            put(spec, changes);
        }
        return table();
    }

    private void put(EndpointSpec spec, Changes changes) {
        final Endpoint before = endpoints.get(spec.address());
        if (before != null && before.spec().equals(spec)) {
            return;
        }
        final Endpoint after = new Endpoint(spec, before != null ? before.slot() : slots.allocate());
        final IpAddress address = spec.address();
        changes.touch(
                before != null
                        ? before.slot()
                        : absenceSlots[EndpointTable.absenceIndex(address.high(), address.low())]);
        endpoints.put(address, after);
        trie = trie.put(IpPrefix.host(address), after);
    }
}
