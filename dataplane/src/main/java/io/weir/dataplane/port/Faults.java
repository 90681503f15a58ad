package io.weir.dataplane.port;

import java.util.SplittableRandom;

/** Draws the faults of one packet after another, as a {@link FaultSpec} says. Owned by one thread; allocates nothing. */
public final class Faults {
    /** No bit. */
    public static final int NONE = -1;

    private final FaultSpec spec;
    private final SplittableRandom random;

    public Faults(FaultSpec spec) {
        this.spec = spec;
        random = new SplittableRandom(spec.seed());
    }

    private boolean happens(double probability) {
        return probability > 0 && random.nextDouble() < probability;
    }

    public boolean loses() {
        return happens(spec.loss());
    }

    public boolean duplicates() {
        return happens(spec.duplicate());
    }

    public boolean reorders() {
        return happens(spec.reorder());
    }

    /** The bit of a frame that is turned over, counted from its first byte's lowest; or {@link #NONE}. */
    public int corruptedBit(int lengthBytes) {
        return lengthBytes > 0 && happens(spec.corrupt()) ? random.nextInt(8 * lengthBytes) : NONE;
    }

    /** The bytes that are left of a frame. */
    public int lengthLeft(int lengthBytes) {
        return lengthBytes > 0 && happens(spec.truncate()) ? random.nextInt(lengthBytes) : lengthBytes;
    }
}
