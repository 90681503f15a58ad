package io.weir.bench.device;

import io.weir.bench.report.Subject;
import java.io.IOException;

/** Somebody who can forward between the devices of a measurement; one at a time does. */
interface Forwarder {
    Subject subject();

    /** What tells it from others of the same subject; empty when there are none. */
    String detail();

    /** How it is started, for the report. */
    String command();

    /** Starts to forward; what is returned ends that. */
    AutoCloseable start() throws IOException, InterruptedException;
}
