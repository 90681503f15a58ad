package io.weir.bench.device;

import java.io.IOException;
import java.io.InputStream;

/** What a program prints. */
final class ProcessOutput {
    private ProcessOutput() {}

    /**
     * The next byte; -1 when the program has ended. Java closes the stream under whoever reads it in the moment of that end,
     * and what the program has said last should be reported then, not that.
     */
    static int read(InputStream output) {
        try {
            return output.read();
        } catch (final IOException e) {
            return -1;
        }
    }
}
