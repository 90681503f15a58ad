package io.weir.dataplane.linux;

/**
 * What a TAP device should be.
 *
 * @param name               the interface's name, 1 to 15 bytes
 * @param queues             how many queues, each with a file of its own: 1 to 256
 * @param vnetHeaderLength   bytes of {@code virtio_net_hdr} ahead of each frame: 10, or 12 with the buffer count
 * @param persistent         whether the interface outlives this process, to be found again by the next one
 * @param offloads           whether the kernel may pass partial checksums and unsegmented TCP and UDP
 */
public record TapSpec(String name, int queues, int vnetHeaderLength, boolean persistent, boolean offloads) {
    /** The most queues that Linux gives one TAP. */
    public static final int MAX_QUEUES = 256;

    public TapSpec {
        InterfaceName.check(name);
        if (queues < 1 || queues > MAX_QUEUES) {
            throw LinuxException.invalid(
                    "TAP " + name + ": " + queues + " queues cannot be had, 1 to " + MAX_QUEUES + " can");
        }
        if (vnetHeaderLength != TapDevice.VNET_HEADER_LENGTH
                && vnetHeaderLength != TapDevice.VNET_HEADER_WITH_BUFFERS_LENGTH) {
            throw LinuxException.invalid("TAP " + name + ": a header of " + vnetHeaderLength + " bytes, not 10 or 12");
        }
    }

    /** One that vanishes with this process, with offloads and the 10-byte header. */
    public static TapSpec of(String name, int queues) {
        return new TapSpec(name, queues, TapDevice.VNET_HEADER_LENGTH, false, true);
    }

    /** The same, but one that outlives this process. */
    public TapSpec persistent(boolean persistent) {
        return new TapSpec(name, queues, vnetHeaderLength, persistent, offloads);
    }

    /** The same with another header. */
    public TapSpec vnetHeaderLength(int vnetHeaderLength) {
        return new TapSpec(name, queues, vnetHeaderLength, persistent, offloads);
    }

    /** The same with or without offloads. */
    public TapSpec offloads(boolean offloads) {
        return new TapSpec(name, queues, vnetHeaderLength, persistent, offloads);
    }
}
