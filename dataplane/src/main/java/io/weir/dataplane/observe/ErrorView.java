package io.weir.dataplane.observe;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.errors.ErrorLogReader;

/** Reads an {@code errors} file, an Agrona distinct error log, of another process, running or gone. */
public final class ErrorView {
    private ErrorView() {}

    /** All distinct errors so far. */
    public static List<RecordedError> read(Path path) throws IOException {
        final byte[] bytes = Files.readAllBytes(path);
        // the log's counts are read with volatile semantics, for which the bytes must be aligned
        final ByteBuffer aligned = ByteBuffer.allocateDirect(bytes.length).put(bytes);
        final List<RecordedError> errors = new ArrayList<>();
        ErrorLogReader.read(
                new UnsafeBuffer(aligned),
                (count, first, last, text) -> errors.add(new RecordedError(count, first, last, text)));
        return errors;
    }
}
