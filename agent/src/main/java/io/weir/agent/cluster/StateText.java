package io.weir.agent.cluster;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * A cluster's state as bytes for a file: lines of a kind and an object in JSON, compressed. Where the objects were written is
 * not in it.
 */
public final class StateText {
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private StateText() {}

    /** The bytes. */
    public static byte[] write(ClusterState state) throws IOException {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(bytes, 1 << 16)) {
            for (final HasMetadata object : (Iterable<HasMetadata>) state.all()::iterator) {
                out.write((object.getKind() + " ").getBytes(StandardCharsets.UTF_8));
                out.write(MAPPER.writeValueAsBytes(object));
                out.write('\n');
            }
        }
        return bytes.toByteArray();
    }

    /**
     * The state.
     *
     * @throws IOException when the bytes are not what {@link #write} makes
     */
    public static ClusterState read(byte[] bytes) throws IOException {
        final ClusterState.Builder state = ClusterState.builder();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                new GZIPInputStream(new ByteArrayInputStream(bytes), 1 << 16), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                final int space = line.indexOf(' ');
                final ManifestKind kind = ManifestKind.named(line.substring(0, Math.max(0, space)));
                if (kind == null) {
                    throw new IOException("a line is of no kind that weir knows");
                }
                state.put(MAPPER.readValue(line.substring(space + 1), kind.type()));
            }
        }
        return state.build();
    }
}
