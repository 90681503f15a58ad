package io.weir.bench.experiment;

import io.weir.bench.report.Result;
import io.weir.bench.report.Skipped;
import io.weir.bench.report.Subject;
import java.util.ArrayList;
import java.util.List;

/** Takes down results as they come, and tells whoever watches. */
public final class Recorder {
    private final List<Result> results = new ArrayList<>();
    private final List<Skipped> skipped = new ArrayList<>();
    private final Watcher watcher;

    /** Told what goes on. */
    public interface Watcher {
        /** Watches nothing. */
        Watcher NONE = new Watcher() {};

        /** What is done now, in a few words. */
        default void progress(String message) {}

        default void result(Result result) {}

        default void skipped(Skipped skip) {}
    }

    public Recorder(Watcher watcher) {
        this.watcher = watcher;
    }

    /** What is done now, in a few words: {@code l3, 1,000 flows: warming up}. */
    public void progress(String message) {
        watcher.progress(message);
    }

    public void result(Result result) {
        results.add(result);
        watcher.result(result);
    }

    /** Something isn't measured, because of this. */
    public void skip(String scenario, Subject subject, String reason) {
        final Skipped skip = new Skipped(scenario, subject, reason);
        if (!skipped.contains(skip)) {
            skipped.add(skip);
            watcher.skipped(skip);
        }
    }

    public List<Result> results() {
        return List.copyOf(results);
    }

    public List<Skipped> skipped() {
        return List.copyOf(skipped);
    }
}
