package io.weir.dataplane.pipeline;

/** Takes down why each stage decided as it did; behind {@code weir explain} and {@code weir trace}. */
public interface Explanation {
    /** Called before a stage decides. */
    void stage(String name);

    /** A sentence about what the current stage found. */
    void because(String sentence);

    /** Called after a stage decided. */
    void verdict(Verdict verdict);
}
