package io.weir.dataplane.pipeline;

import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.wire.IpAddress;

/**
 * The addresses and ports of a {@link Decision}; a superclass, so that they are fields of the same object.
 *
 * <p>{@code source…} and {@code destination…} are the addresses and ports as the packet will leave: at first the packet's
 * own, then as {@link #translateSource} and {@link #translateDestination} say. {@code subject…} is the connection in the
 * direction of its first packet, behind destination translation and before source translation: the pair that policy
 * speaks about, for packets of both directions.
 */
public abstract sealed class DecidedAddresses permits Decision {
    /** No adjacency, connection, endpoint or backend. */
    public static final int NONE = -1;

    // subject: written by conntrack; its destination by the service stage
    private long subjectSourceHigh;
    private long subjectSourceLow;
    private long subjectDestinationHigh;
    private long subjectDestinationLow;
    private int subjectSourcePort;
    private int subjectDestinationPort;

    // translation: written by conntrack for known connections, by service and snat stages for new ones
    private boolean translated;
    private long sourceHigh;
    private long sourceLow;
    private long destinationHigh;
    private long destinationLow;
    private int sourcePort;
    private int destinationPort;
    private boolean masquerade;
    private int backend;

    // another node's turn: written by conntrack for known connections, by the service stage
    private boolean direct;
    private long routeHigh;
    private long routeLow;

    // the packet quoted by an ICMP error: written by conntrack
    private boolean quotedTranslated;
    private long quotedSourceHigh;
    private long quotedSourceLow;
    private long quotedDestinationHigh;
    private long quotedDestinationLow;
    private int quotedSourcePort;
    private int quotedDestinationPort;

    DecidedAddresses() {}

    /** Starts from the packet's own addresses. */
    final void resetAddresses(Packet packet) {
        sourceHigh = subjectSourceHigh = packet.sourceHigh();
        sourceLow = subjectSourceLow = packet.sourceLow();
        destinationHigh = subjectDestinationHigh = packet.destinationHigh();
        destinationLow = subjectDestinationLow = packet.destinationLow();
        sourcePort = subjectSourcePort = packet.sourcePort();
        destinationPort = subjectDestinationPort = packet.destinationPort();
        translated = false;
        masquerade = false;
        backend = NONE;
        direct = false;
        quotedTranslated = false;
    }

    // ---- subject ----------------------------------------------------------------------------------------------------

    /** For known connections: the connection as its first packet had it, behind destination translation. */
    public final void subject(
            long newSourceHigh,
            long newSourceLow,
            int newSourcePort,
            long newDestinationHigh,
            long newDestinationLow,
            int newDestinationPort) {
        subjectSourceHigh = newSourceHigh;
        subjectSourceLow = newSourceLow;
        subjectSourcePort = newSourcePort;
        subjectDestinationHigh = newDestinationHigh;
        subjectDestinationLow = newDestinationLow;
        subjectDestinationPort = newDestinationPort;
    }

    public final long subjectSourceHigh() {
        return subjectSourceHigh;
    }

    public final long subjectSourceLow() {
        return subjectSourceLow;
    }

    public final long subjectDestinationHigh() {
        return subjectDestinationHigh;
    }

    public final long subjectDestinationLow() {
        return subjectDestinationLow;
    }

    public final int subjectSourcePort() {
        return subjectSourcePort;
    }

    public final int subjectDestinationPort() {
        return subjectDestinationPort;
    }

    // ---- translation ------------------------------------------------------------------------------------------------

    /** Source NAT; the port is the one to write (for ICMP echo the identifier). */
    public final void translateSource(long high, long low, int port) {
        sourceHigh = high;
        sourceLow = low;
        sourcePort = port;
        translated = true;
    }

    /** Destination NAT of a known connection's packet. */
    public final void translateDestination(long high, long low, int port) {
        destinationHigh = high;
        destinationLow = low;
        destinationPort = port;
        translated = true;
    }

    /** Destination NAT of a new connection towards the chosen backend: the subject's destination changes with it. */
    public final void translateToBackend(int chosenBackend, long high, long low, int port) {
        translateDestination(high, low, port);
        subjectDestinationHigh = high;
        subjectDestinationLow = low;
        subjectDestinationPort = port;
        backend = chosenBackend;
    }

    public final boolean isTranslated() {
        return translated;
    }

    public final long sourceHigh() {
        return sourceHigh;
    }

    public final long sourceLow() {
        return sourceLow;
    }

    public final int sourcePort() {
        return sourcePort;
    }

    public final long destinationHigh() {
        return destinationHigh;
    }

    public final long destinationLow() {
        return destinationLow;
    }

    public final int destinationPort() {
        return destinationPort;
    }

    /** Asks the source NAT stage to hide the sender, whatever its own rules say. */
    public final void masquerade(boolean on) {
        masquerade = on;
    }

    public final boolean isMasquerade() {
        return masquerade;
    }

    /** The Service backend's id, or {@link #NONE}. */
    public final int backend() {
        return backend;
    }

    /**
     * A known connection whose packets keep their destination, a Service's address: the backend's node translates them and
     * answers their sender itself. Where the backend is comes by {@link #directTo}.
     */
    public final void direct(int chosenBackend) {
        backend = chosenBackend;
        direct = true;
    }

    /** The packet keeps its destination and is routed to the backend's node by the backend's address. */
    public final void directTo(int chosenBackend, long high, long low, int port) {
        direct(chosenBackend);
        routeHigh = high;
        routeLow = low;
        subjectDestinationHigh = high;
        subjectDestinationLow = low;
        subjectDestinationPort = port;
    }

    /** The packet leaves with its destination as it is, towards the node of its backend; answers don't pass here. */
    public final boolean isDirect() {
        return direct;
    }

    /** The address by which the packet is routed: its destination, or where its backend is. */
    public final long routeHigh() {
        return direct ? routeHigh : destinationHigh;
    }

    public final long routeLow() {
        return direct ? routeLow : destinationLow;
    }

    /** Addresses and ports for the packet that an ICMP error quotes. */
    public final void translateQuoted(
            long newSourceHigh,
            long newSourceLow,
            int newSourcePort,
            long newDestinationHigh,
            long newDestinationLow,
            int newDestinationPort) {
        quotedTranslated = true;
        quotedSourceHigh = newSourceHigh;
        quotedSourceLow = newSourceLow;
        quotedSourcePort = newSourcePort;
        quotedDestinationHigh = newDestinationHigh;
        quotedDestinationLow = newDestinationLow;
        quotedDestinationPort = newDestinationPort;
    }

    public final boolean isQuotedTranslated() {
        return quotedTranslated;
    }

    public final long quotedSourceHigh() {
        return quotedSourceHigh;
    }

    public final long quotedSourceLow() {
        return quotedSourceLow;
    }

    public final int quotedSourcePort() {
        return quotedSourcePort;
    }

    public final long quotedDestinationHigh() {
        return quotedDestinationHigh;
    }

    public final long quotedDestinationLow() {
        return quotedDestinationLow;
    }

    public final int quotedDestinationPort() {
        return quotedDestinationPort;
    }

    /** Allocates: for explanations and tests. */
    public final IpAddress source() {
        return new IpAddress(sourceHigh, sourceLow);
    }

    /** Allocates: for explanations and tests. */
    public final IpAddress destination() {
        return new IpAddress(destinationHigh, destinationLow);
    }
}
