package io.weir.dataplane.pipeline;

/** What connection tracking knows about a packet before the later stages decide. */
public enum ConnectionState {
    /** Not tracked: no conntrack stage ran, or the packet belongs to no connection by nature. */
    UNTRACKED,
    /** The first packet of a connection that does not exist yet; the commit stage will create it. */
    NEW,
    /** Belongs to a known connection; its translation is already in the decision. */
    ESTABLISHED,
    /** An ICMP error about a known connection; translation and quoted translation are in the decision. */
    RELATED
}
