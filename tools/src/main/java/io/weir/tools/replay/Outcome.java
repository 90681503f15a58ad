package io.weir.tools.replay;

import io.weir.dataplane.pipeline.DropReason;
import org.jspecify.annotations.Nullable;

/** What became of one input packet. Filled while it is replayed; one event ends it. */
final class Outcome {
    /** How a packet ends. */
    enum Verdict {
        /** It left by a port. */
        FORWARDED,
        /** It was meant for weir, which took or answered it. */
        ANSWERED,
        /** It was dropped, and its sender told. */
        REJECTED,
        /** It was dropped silently. */
        DROPPED,
        /** Nothing has ended it: a fragment that waits for its first. */
        HELD
    }

    private final long number;
    private final long timeNs;
    private final String ingress;
    private Verdict verdict = Verdict.HELD;
    private boolean ended;
    private boolean held;
    private @Nullable DropReason reason;
    private @Nullable String output;
    private @Nullable String source;
    private @Nullable String destination;

    Outcome(long number, long timeNs, String ingress) {
        this.number = number;
        this.timeNs = timeNs;
        this.ingress = ingress;
    }

    void forwarded(String port, String leavingSource, String leavingDestination) {
        end(Verdict.FORWARDED);
        output = port;
        source = leavingSource;
        destination = leavingDestination;
    }

    void answered(@Nullable DropReason why) {
        end(why == null ? Verdict.ANSWERED : Verdict.REJECTED);
        reason = why;
    }

    void dropped(DropReason why) {
        end(Verdict.DROPPED);
        reason = why;
    }

    private void end(Verdict how) {
        if (ended) {
            throw new IllegalStateException("packet " + number + " ended as " + verdict + " and again as " + how);
        }
        ended = true;
        verdict = how;
    }

    void hold() {
        held = true;
    }

    /** It has to wait, or had to. */
    boolean isHeld() {
        return held;
    }

    boolean isEnded() {
        return ended;
    }

    /** From 1, as in the capture. */
    long number() {
        return number;
    }

    /** The capture's stamp. */
    long timeNs() {
        return timeNs;
    }

    /** Name of the port that it came in by. */
    String ingress() {
        return ingress;
    }

    Verdict verdict() {
        return verdict;
    }

    @Nullable
    DropReason reason() {
        return reason;
    }

    /** Name of the port that it left by. */
    @Nullable
    String output() {
        return output;
    }

    /** {@code address:port} as it left. */
    @Nullable
    String source() {
        return source;
    }

    /** {@code address:port} as it left. */
    @Nullable
    String destination() {
        return destination;
    }

    /** One sentence, for an annotation. */
    String sentence() {
        final String in = "in by " + ingress + ": ";
        final DropReason why = reason;
        return switch (verdict) {
            case FORWARDED -> in + "forwarded to " + output + " as " + source + " > " + destination;
            case ANSWERED -> in + "taken by weir itself";
            case REJECTED, DROPPED ->
                in
                        + verdict.name().toLowerCase(java.util.Locale.ROOT)
                        + (why == null ? "" : ": " + why.label() + ". " + why.sentence());
            case HELD -> in + "still waiting when the capture ended";
        };
    }
}
