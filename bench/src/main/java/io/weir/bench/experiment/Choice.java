package io.weir.bench.experiment;

/** A part of {@link Settings} that not every experiment has a use for. */
public enum Choice {
    FLOWS("--flows"),
    SIZE("--size"),
    FAMILY("--family"),
    TCP("--tcp"),
    WORKERS("--workers"),
    PEERS("--peers");

    private final String option;

    Choice(String option) {
        this.option = option;
    }

    /** As it is typed. */
    public String option() {
        return option;
    }
}
