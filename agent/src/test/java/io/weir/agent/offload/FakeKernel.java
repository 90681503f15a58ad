package io.weir.agent.offload;

import io.weir.dataplane.offload.FlowOffload;
import io.weir.dataplane.offload.OffloadCount;
import io.weir.dataplane.offload.OffloadKey;
import io.weir.dataplane.offload.OffloadedFlow;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** A kernel that carries what the test says it has carried. */
final class FakeKernel implements FlowOffload {
    final Map<OffloadKey, OffloadedFlow> flows = new LinkedHashMap<>();
    private final Map<OffloadKey, OffloadCount> counts = new HashMap<>();
    final Set<Integer> refusedPorts = new HashSet<>();
    int capacity = 1000;

    @Override
    public boolean takes(int ingressPort, int egressPort) {
        return !refusedPorts.contains(ingressPort) && !refusedPorts.contains(egressPort);
    }

    @Override
    public boolean add(OffloadedFlow original, OffloadedFlow reply) {
        if (!original.answers().equals(reply.key()) || !reply.answers().equals(original.key())) {
            throw new IllegalArgumentException(original + " and " + reply + " are no pair");
        }
        if (flows.size() + 2 > capacity) {
            return false;
        }
        flows.put(original.key(), original);
        flows.put(reply.key(), reply);
        return true;
    }

    @Override
    public OffloadCount count(OffloadKey key) {
        return flows.containsKey(key) ? counts.getOrDefault(key, OffloadCount.ZERO) : OffloadCount.ZERO;
    }

    @Override
    public OffloadCount remove(OffloadKey key) {
        final OffloadCount last = count(key);
        flows.remove(key);
        counts.remove(key);
        return last;
    }

    void carry(OffloadKey key, long packets, long bytes) {
        final OffloadCount before = counts.getOrDefault(key, OffloadCount.ZERO);
        counts.put(key, new OffloadCount(before.packets() + packets, before.bytes() + bytes, 1));
    }
}
