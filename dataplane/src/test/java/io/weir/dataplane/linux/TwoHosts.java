package io.weir.dataplane.linux;

/** Two network namespaces, left and right, for the time of a test. */
public final class TwoHosts implements AutoCloseable {
    private final TopologyNamespaces net = TopologyNamespaces.create();
    private final NetworkNamespace left = NetworkNamespace.named(net.namespace("left"));
    private final NetworkNamespace right = NetworkNamespace.named(net.namespace("right"));

    /** Joins them by a veth that both know as eth0. */
    public TwoHosts joined() {
        net.veth("left", "eth0", "right", "eth0");
        return this;
    }

    /** For programs that run in them, and for more namespaces. */
    public TopologyNamespaces net() {
        return net;
    }

    public NetworkNamespace left() {
        return left;
    }

    public NetworkNamespace right() {
        return right;
    }

    @Override
    public void close() {
        left.close();
        right.close();
        net.close();
    }
}
