package io.weir.tools.replay;

import com.fasterxml.jackson.core.JsonGenerator;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.tools.command.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The file of {@code --report}: the outcome of every input packet in the capture's order, then the sums. */
final class ReplayReport implements AutoCloseable {
    private final JsonGenerator json;

    ReplayReport(Path file, String node, Path input) throws IOException {
        json = Json.MAPPER.createGenerator(Files.newBufferedWriter(file)).useDefaultPrettyPrinter();
        json.writeStartObject();
        json.writeStringField("node", node);
        json.writeStringField("in", input.toString());
        json.writeArrayFieldStart("packets");
    }

    void add(Outcome outcome) throws IOException {
        json.writeStartObject();
        json.writeNumberField("number", outcome.number());
        json.writeNumberField("timeNs", outcome.timeNs());
        json.writeStringField("in", outcome.ingress());
        json.writeStringField("verdict", ReplaySummary.label(outcome.verdict()));
        final DropReason reason = outcome.reason();
        write("reason", reason == null ? null : reason.label());
        write("out", outcome.output());
        write("source", outcome.source());
        write("destination", outcome.destination());
        json.writeEndObject();
    }

    private void write(String field, @Nullable String value) throws IOException {
        if (value != null) {
            json.writeStringField(field, value);
        }
    }

    void sums(Map<String, Object> sums) throws IOException {
        json.writeEndArray();
        json.writeObjectField("sums", sums);
        json.writeEndObject();
    }

    @Override
    public void close() throws IOException {
        json.close();
    }
}
