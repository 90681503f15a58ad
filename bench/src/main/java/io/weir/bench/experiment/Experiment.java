package io.weir.bench.experiment;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** Something that {@code weir bench run} can measure; listed in {@link Experiments}. */
public interface Experiment {
    /** Lower-kebab: {@code l3}. */
    String name();

    /** One sentence: what is measured. */
    String describe();

    /** What this machine lacks for it, in one sentence without a full stop; empty when it can run. */
    default Optional<String> obstacle() {
        return Optional.empty();
    }

    /** What it obeys of the settings, beside core, warm-up, runs and seconds; anything else would change nothing. */
    default Set<Choice> choices() {
        return EnumSet.noneOf(Choice.class);
    }

    /** How many measurements the settings ask it for, roughly; a time budget is shared out by this. */
    default int measurements(Settings settings) {
        return 3;
    }

    /**
     * Measures, and hands each result to the recorder as soon as it is known. What belongs together (weir and its peers) is
     * measured in turns, so that a disturbance meets all.
     *
     * @throws InterruptedException    when the user has had enough
     * @throws java.io.IOException     when a program or device fails: the run goes on with the next experiment
     * @throws IllegalStateException   when a figure would mean nothing, for example because packets were lost
     */
    void run(Settings settings, Recorder recorder) throws InterruptedException, java.io.IOException;
}
