package io.weir.agent.offload;

import org.agrona.collections.Int2IntCounterMap;

/** Why some connections are not offloaded at present: somebody looks at every packet of a port, or of all. */
final class Suspension {
    private final Int2IntCounterMap ports = new Int2IntCounterMap(0);
    private int all;

    void beginAll() {
        all++;
    }

    void endAll() {
        all--;
    }

    void begin(int port) {
        ports.incrementAndGet(port);
    }

    void end(int port) {
        ports.decrementAndGet(port);
    }

    boolean concerns(int onePort, int otherPort) {
        return all != 0 || ports.get(onePort) != 0 || ports.get(otherPort) != 0;
    }
}
