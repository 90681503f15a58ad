package io.weir.agent.config;

/** How an uplink's Linux interface is opened. */
public enum UplinkKind {
    /** A packet socket with memory-mapped rings: any interface. */
    AF_PACKET,
    /** An XDP socket: interfaces whose driver knows XDP. */
    AF_XDP,
    /** A TAP device that weir makes. */
    TAP
}
