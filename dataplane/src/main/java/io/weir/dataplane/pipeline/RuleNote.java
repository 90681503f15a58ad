package io.weir.dataplane.pipeline;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;

/**
 * What decided about a packet, in words that were made beforehand so that the packet path only copies them, and how often
 * it did. Shared by all workers; packets that the flow cache answers are not counted.
 */
public final class RuleNote {
    private static final VarHandle DECISIONS;

    static {
        try {
            DECISIONS = MethodHandles.lookup().findVarHandle(RuleNote.class, "decisions", long.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final byte[] text;

    @SuppressWarnings("unused") // by its VarHandle
    private volatile long decisions;

    public RuleNote(String text) {
        this.text = text.getBytes(StandardCharsets.UTF_8);
    }

    /** UTF-8; not to be changed. */
    public byte[] bytes() {
        return text;
    }

    void count() {
        DECISIONS.getAndAdd(this, 1L);
    }

    /** Packets about which it decided in the pipeline: first ones of flows, and one after each change that concerns a flow. */
    public long decisions() {
        return (long) DECISIONS.getOpaque(this);
    }

    @Override
    public String toString() {
        return new String(text, StandardCharsets.UTF_8);
    }
}
