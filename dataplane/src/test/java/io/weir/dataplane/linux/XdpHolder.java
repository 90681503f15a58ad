package io.weir.dataplane.linux;

/** A program for {@link XdpDeviceTopologyTest}: opens an interface by AF_XDP in the namespace that it runs in, and waits to be killed. */
final class XdpHolder {
    private XdpHolder() {}

    /** Argument: the interface. */
    public static void main(String[] names) throws InterruptedException {
        try (XdpDevice device = XdpDevice.open(names[0], XdpSocketSpec.ofMtu(names[0], 1500))) {
            System.out.println("holds " + device.sockets().size());
            Thread.sleep(60_000);
        } catch (final LinuxException e) {
            System.out.println(e.getMessage());
        }
    }
}
