package io.weir.tools.bench;

import java.io.IOException;
import java.io.Serial;

/** An experiment failed in a virtual machine of its own, and its report already says so. */
final class FailedPart extends IOException {
    @Serial
    private static final long serialVersionUID = 1;

    FailedPart(String message) {
        super(message);
    }
}
