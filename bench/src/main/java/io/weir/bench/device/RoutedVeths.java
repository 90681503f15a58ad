package io.weir.bench.device;

import java.io.IOException;

/** The kernel as the forwarder: a router's namespace between a client's and a server's, joined by veths. */
final class RoutedVeths {
    static final String SERVER = "10.2.0.2";

    private RoutedVeths() {}

    /** Makes {@code kernel-client}, {@code kernel-router} and {@code kernel-server}. */
    static void make(BenchNamespaces net) throws IOException, InterruptedException {
        net.create("kernel-client");
        net.create("kernel-router");
        net.create("kernel-server");
        net.veth("kernel-client", "eth0", "10.1.0.2/24", "kernel-router", "left", "10.1.0.1/24");
        net.veth("kernel-server", "eth0", SERVER + "/24", "kernel-router", "right", "10.2.0.1/24");
        net.run("kernel-client", "ip", "route", "add", "default", "via", "10.1.0.1");
        net.run("kernel-server", "ip", "route", "add", "default", "via", "10.2.0.1");
        net.write("kernel-router", "ipv4/ip_forward", "1");
    }
}
