package io.weir.vxlan;

/** What happens to the outer UDP checksum of a received tunnel packet. */
public enum OuterChecksum {
    /** Zero is accepted over IPv4 and refused over IPv6; any other value must be right. */
    VERIFY,

    /**
     * Not looked at, as RFC 7348 section 4 allows: the inner checksums protect what the pods exchange. Saves one pass over
     * each packet where the network card does not verify.
     */
    IGNORE
}
