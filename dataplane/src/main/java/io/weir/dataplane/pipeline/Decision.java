package io.weir.dataplane.pipeline;

import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/**
 * What is decided about one packet so far. One object per worker, reset for each packet; every group of fields has one
 * writing module.
 *
 * <p>{@code source…} and {@code destination…} are the addresses and ports as the packet will leave: at first the packet's
 * own, then as {@link #translateSource} and {@link #translateDestination} say. {@code subject…} is the connection in the
 * direction of its first packet, behind destination translation and before source translation: the pair that policy
 * speaks about, for packets of both directions.
 */
public final class Decision {
    /** No adjacency, connection, endpoint or backend. */
    public static final int NONE = -1;

    /** A cached decision remembers at most this many version slots. */
    public static final int MAX_DEPENDENCIES = 6;

    // connection: written by conntrack
    private ConnectionState connectionState = ConnectionState.UNTRACKED;
    private int connection;
    private int connectionGeneration;
    private boolean reply;
    private Tracking tracking = Tracking.NONE;
    private int otherScope;
    private int absencePlace;
    private int absenceStamp;

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

    // way out: written by the route stage
    private int adjacency;
    private int outputPort;
    private int mtu;

    // end: written by whichever stage ends the pipeline
    private @Nullable DropReason reason;
    private Answer answer = Answer.NONE;
    private boolean again;

    // rules that decided, for events: written by policy
    private @Nullable RuleNote firstRule;
    private @Nullable RuleNote secondRule;

    // cache
    private boolean cacheable;
    private int dependencyCount;
    private final int[] dependencies = new int[MAX_DEPENDENCIES];

    private @Nullable Explanation explanation;
    private boolean dryRun;

    /** Forgets everything and starts from the packet's own addresses. */
    public void reset(Packet packet) {
        connectionState = ConnectionState.UNTRACKED;
        connection = NONE;
        connectionGeneration = 0;
        reply = false;
        tracking = Tracking.NONE;
        otherScope = packet.scope();
        absencePlace = NONE;
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
        adjacency = NONE;
        outputPort = NONE;
        mtu = 0;
        reason = null;
        answer = Answer.NONE;
        again = false;
        firstRule = null;
        secondRule = null;
        cacheable = true;
        dependencyCount = 0;
    }

    // ---- ends -------------------------------------------------------------------------------------------------------

    /** Discards the packet. {@code return decision.drop(DataplaneDrop.NO_ROUTE);} */
    public Verdict drop(DropReason why) {
        reason = why;
        return Verdict.DROP;
    }

    /** Discards the packet and tells its sender. */
    public Verdict reject(DropReason why, Answer how) {
        reason = why;
        answer = how;
        return Verdict.ANSWER;
    }

    /** Answers a packet that was meant for weir itself: no drop. */
    public Verdict answer(Answer how) {
        reason = null;
        answer = how;
        return Verdict.ANSWER;
    }

    /**
     * The state that earlier stages read has changed meanwhile: the pipeline decides once more from the beginning.
     *
     * @param why the reason for dropping the packet when that happens again and again
     */
    public Verdict again(DropReason why) {
        again = true;
        cacheable = false;
        return drop(why);
    }

    boolean isAgain() {
        return again;
    }

    /** Why it is dropped or rejected; null when it is not. */
    public @Nullable DropReason reason() {
        return reason;
    }

    public Answer answer() {
        return answer;
    }

    /** Says which rule let the packet pass or not; two at most, one for each end. Counts it, unless nothing is to change. */
    public void decidedBy(RuleNote rule) {
        if (!dryRun) {
            rule.count();
        }
        if (firstRule == null) {
            firstRule = rule;
        } else {
            secondRule = rule;
        }
    }

    /** The rule of the sender's end or, when only the receiver's end has one, that; null when no rule decided. */
    public @Nullable RuleNote firstRule() {
        return firstRule;
    }

    public @Nullable RuleNote secondRule() {
        return secondRule;
    }

    // ---- connection -------------------------------------------------------------------------------------------------

    public ConnectionState connectionState() {
        return connectionState;
    }

    public void connectionState(ConnectionState state) {
        connectionState = state;
    }

    /** Binds the packet to an entry of the connection table. The generation tells a reused entry from this one. */
    public void connection(int index, int generation, boolean isReply, Tracking how) {
        connection = index;
        connectionGeneration = generation;
        reply = isReply;
        tracking = how;
    }

    public int connection() {
        return connection;
    }

    public int connectionGeneration() {
        return connectionGeneration;
    }

    /** The packet runs against the direction of the connection's first packet. */
    public boolean isReply() {
        return reply;
    }

    public Tracking tracking() {
        return tracking;
    }

    /** Where the packets of the connection's other direction come in, as far as it is known. */
    public void otherScope(int scope) {
        otherScope = scope;
    }

    /** The packet's own scope when nothing else is known. */
    public int otherScope() {
        return otherScope;
    }

    /**
     * No connection has the packet's addresses and ports, which is so as long as the stamp at this place of the connection
     * table stays the same: what is remembered of a dropped packet depends on it.
     */
    public void absent(int place, int stamp) {
        absencePlace = place;
        absenceStamp = stamp;
    }

    /** Where the connection table tells of a connection with these addresses and ports, or {@link #NONE}. */
    public int absencePlace() {
        return absencePlace;
    }

    public int absenceStamp() {
        return absenceStamp;
    }

    // ---- subject ----------------------------------------------------------------------------------------------------

    /** For known connections: the connection as its first packet had it, behind destination translation. */
    public void subject(
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

    public long subjectSourceHigh() {
        return subjectSourceHigh;
    }

    public long subjectSourceLow() {
        return subjectSourceLow;
    }

    public long subjectDestinationHigh() {
        return subjectDestinationHigh;
    }

    public long subjectDestinationLow() {
        return subjectDestinationLow;
    }

    public int subjectSourcePort() {
        return subjectSourcePort;
    }

    public int subjectDestinationPort() {
        return subjectDestinationPort;
    }

    // ---- translation ------------------------------------------------------------------------------------------------

    /** Source NAT; the port is the one to write (for ICMP echo the identifier). */
    public void translateSource(long high, long low, int port) {
        sourceHigh = high;
        sourceLow = low;
        sourcePort = port;
        translated = true;
    }

    /** Destination NAT of a known connection's packet. */
    public void translateDestination(long high, long low, int port) {
        destinationHigh = high;
        destinationLow = low;
        destinationPort = port;
        translated = true;
    }

    /** Destination NAT of a new connection towards the chosen backend: the subject's destination changes with it. */
    public void translateToBackend(int chosenBackend, long high, long low, int port) {
        translateDestination(high, low, port);
        subjectDestinationHigh = high;
        subjectDestinationLow = low;
        subjectDestinationPort = port;
        backend = chosenBackend;
    }

    public boolean isTranslated() {
        return translated;
    }

    public long sourceHigh() {
        return sourceHigh;
    }

    public long sourceLow() {
        return sourceLow;
    }

    public int sourcePort() {
        return sourcePort;
    }

    public long destinationHigh() {
        return destinationHigh;
    }

    public long destinationLow() {
        return destinationLow;
    }

    public int destinationPort() {
        return destinationPort;
    }

    /** Asks the source NAT stage to hide the sender, whatever its own rules say. */
    public void masquerade(boolean on) {
        masquerade = on;
    }

    public boolean isMasquerade() {
        return masquerade;
    }

    /** The Service backend's id, or {@link #NONE}. */
    public int backend() {
        return backend;
    }

    /**
     * A known connection whose packets keep their destination, a Service's address: the backend's node translates them and
     * answers their sender itself. Where the backend is comes by {@link #directTo}.
     */
    public void direct(int chosenBackend) {
        backend = chosenBackend;
        direct = true;
    }

    /** The packet keeps its destination and is routed to the backend's node by the backend's address. */
    public void directTo(int chosenBackend, long high, long low, int port) {
        direct(chosenBackend);
        routeHigh = high;
        routeLow = low;
        subjectDestinationHigh = high;
        subjectDestinationLow = low;
        subjectDestinationPort = port;
    }

    /** The packet leaves with its destination as it is, towards the node of its backend; answers don't pass here. */
    public boolean isDirect() {
        return direct;
    }

    /** The address by which the packet is routed: its destination, or where its backend is. */
    public long routeHigh() {
        return direct ? routeHigh : destinationHigh;
    }

    public long routeLow() {
        return direct ? routeLow : destinationLow;
    }

    /** Addresses and ports for the packet that an ICMP error quotes. */
    public void translateQuoted(
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

    public boolean isQuotedTranslated() {
        return quotedTranslated;
    }

    public long quotedSourceHigh() {
        return quotedSourceHigh;
    }

    public long quotedSourceLow() {
        return quotedSourceLow;
    }

    public int quotedSourcePort() {
        return quotedSourcePort;
    }

    public long quotedDestinationHigh() {
        return quotedDestinationHigh;
    }

    public long quotedDestinationLow() {
        return quotedDestinationLow;
    }

    public int quotedDestinationPort() {
        return quotedDestinationPort;
    }

    // ---- way out ----------------------------------------------------------------------------------------------------

    /** The adjacency holds output port, link header or tunnel header; port and MTU are here for later stages. */
    public void leaveBy(int adjacencyIndex, int port, int mtuBytes) {
        adjacency = adjacencyIndex;
        outputPort = port;
        mtu = mtuBytes;
    }

    public int adjacency() {
        return adjacency;
    }

    public int outputPort() {
        return outputPort;
    }

    /** The largest IP packet that the way out takes, in bytes; 0 when unknown. Also the MTU that TOO_BIG reports. */
    public int mtu() {
        return mtu;
    }

    public void mtu(int bytes) {
        mtu = bytes;
    }

    // ---- cache ------------------------------------------------------------------------------------------------------

    /** This decision holds for this one packet only. */
    public void uncacheable() {
        cacheable = false;
    }

    /**
     * A packet that would have begun a connection and was dropped is remembered only if it is known how to learn that such
     * a connection exists after all: when its sender becomes the answering side of another connection, the same addresses
     * and ports must pass.
     */
    public boolean isCacheable() {
        return cacheable && (connectionState != ConnectionState.NEW || connection != NONE || absencePlace != NONE);
    }

    /** The decision would have to be made again when this version slot changes. */
    public void dependsOn(int slot) {
        for (int i = 0; i < dependencyCount; i++) {
            if (dependencies[i] == slot) {
                return;
            }
        }
        if (dependencyCount == MAX_DEPENDENCIES) {
            cacheable = false;
            return;
        }
        dependencies[dependencyCount++] = slot;
    }

    public int dependencyCount() {
        return dependencyCount;
    }

    public int dependency(int index) {
        return dependencies[index];
    }

    // ---- explanation ------------------------------------------------------------------------------------------------

    /** From now on stages say why; null stops it. */
    public void explainTo(@Nullable Explanation listener) {
        explanation = listener;
    }

    /** Decide as if, and change nothing: no connection is created, no port reserved, no turn taken in a round robin. */
    public void dryRun(boolean on) {
        dryRun = on;
    }

    public boolean isDryRun() {
        return dryRun;
    }

    /** Ask before building a sentence: {@code if (decision.isExplained()) decision.because("…" + x);}. */
    public boolean isExplained() {
        return explanation != null;
    }

    public void because(String sentence) {
        if (explanation != null) {
            explanation.because(sentence);
        }
    }

    @Nullable
    Explanation explanation() {
        return explanation;
    }

    /** Allocates: for explanations and tests. */
    public IpAddress source() {
        return new IpAddress(sourceHigh, sourceLow);
    }

    /** Allocates: for explanations and tests. */
    public IpAddress destination() {
        return new IpAddress(destinationHigh, destinationLow);
    }
}
