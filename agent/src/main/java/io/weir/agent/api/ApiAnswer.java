package io.weir.agent.api;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The lines of an answer, each an object. Used by one thread; any thread may close it. */
final class ApiAnswer {
    /** Leaves it to {@link #flush} when bytes go out. */
    static final ObjectMapper MAPPER = JsonMapper.builder()
            .disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET, JsonGenerator.Feature.FLUSH_PASSED_TO_STREAM)
            .disable(SerializationFeature.FLUSH_AFTER_WRITE_VALUE)
            .build();

    private final OutputStream out;
    private volatile boolean open = true;

    ApiAnswer(OutputStream out) {
        this.out = out;
    }

    void line(Map<String, ? extends @Nullable Object> tree) throws IOException {
        MAPPER.writeValue(out, tree);
        out.write('\n');
    }

    void flush() throws IOException {
        out.flush();
    }

    /** The client still listens. */
    boolean isOpen() {
        return open;
    }

    /** The client hung up, or weir ends. */
    void end() {
        open = false;
    }
}
