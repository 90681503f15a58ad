package io.weir.dataplane.pipeline;

import io.weir.dataplane.packet.Packet;
import org.jspecify.annotations.Nullable;

/**
 * What is decided about one packet so far. One object per worker, reset for each packet; every group of fields has one
 * writing module.
 */
public final class Decision extends DecidedAddresses {
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
        resetAddresses(packet);
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
}
