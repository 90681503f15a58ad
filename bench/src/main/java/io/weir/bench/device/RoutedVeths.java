package io.weir.bench.device;

import java.io.IOException;

/** The kernel as the forwarder: a router's namespace between a client's and a server's, joined by veths, both families. */
final class RoutedVeths {
    static final String SERVER = "10.2.0.2";

    private RoutedVeths() {}

    static String server(boolean ipv6) {
        return ipv6 ? "fd00:2::2" : SERVER;
    }

    /** Makes {@code kernel-client}, {@code kernel-router} and {@code kernel-server}. */
    static void make(BenchNamespaces net) throws IOException, InterruptedException {
        net.create("kernel-client");
        net.create("kernel-router");
        net.create("kernel-server");
        net.veth("kernel-client", "eth0", "10.1.0.2/24", "kernel-router", "left", "10.1.0.1/24");
        net.veth("kernel-server", "eth0", "10.2.0.2/24", "kernel-router", "right", "10.2.0.1/24");
        net.run("kernel-client", "ip", "route", "add", "default", "via", "10.1.0.1");
        net.run("kernel-server", "ip", "route", "add", "default", "via", "10.2.0.1");
        net.write("kernel-router", "ipv4/ip_forward", "1");
        net.run("kernel-client", "ip", "-6", "address", "add", "fd00:1::2/64", "dev", "eth0", "nodad");
        net.run("kernel-router", "ip", "-6", "address", "add", "fd00:1::1/64", "dev", "left", "nodad");
        net.run("kernel-server", "ip", "-6", "address", "add", "fd00:2::2/64", "dev", "eth0", "nodad");
        net.run("kernel-router", "ip", "-6", "address", "add", "fd00:2::1/64", "dev", "right", "nodad");
        net.run("kernel-client", "ip", "-6", "route", "add", "default", "via", "fd00:1::1");
        net.run("kernel-server", "ip", "-6", "route", "add", "default", "via", "fd00:2::1");
        net.write("kernel-router", "ipv6/conf/all/forwarding", "1");
    }
}
