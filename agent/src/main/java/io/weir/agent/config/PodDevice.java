package io.weir.agent.config;

/** What a pod's interface is. */
public enum PodDevice {
    /** A TAP in the pod's namespace: every packet goes by weir. */
    TAP,
    /** One end of a veth pair, whose other end weir keeps with a TAP of its own: needed for offload. */
    VETH
}
