package io.weir.tools.command;

import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** A progress bar on standard error for long work, if a person is looking. */
public final class Progress implements AutoCloseable {
    /** Shorter work is over before a bar could be read. */
    private static final long WORTH_SHOWING = 16L << 20;

    private final @Nullable ProgressBar bar;

    private Progress(@Nullable ProgressBar bar) {
        this.bar = bar;
    }

    /** Over this many bytes. {@code ./weir} sets the property when standard error is a terminal, which Java can't tell. */
    public static Progress bytes(String task, long total) {
        if (System.getProperty("weir.stderr.terminal") == null || total < WORTH_SHOWING) {
            return new Progress(null);
        }
        return new Progress(new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(total)
                .setUnit(" MiB", 1 << 20)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(200)
                .build());
    }

    /** So much more is done. */
    public void step(long count) {
        if (bar != null) {
            bar.stepBy(count);
        }
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
