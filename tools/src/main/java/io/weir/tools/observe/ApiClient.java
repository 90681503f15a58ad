package io.weir.tools.observe;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.dataplane.observe.NodeFiles;
import io.weir.tools.command.CommandFailure;
import io.weir.tools.command.Ending;
import io.weir.tools.command.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.Predicate;

/** Asks a running weir a question at its socket, and gives the lines of the answer to somebody. */
public final class ApiClient {
    /** After Ctrl-C; a weir that hangs must not hold the terminal. */
    static final Duration LAST_LINES = Duration.ofSeconds(2);

    private ApiClient() {}

    /**
     * Asks.
     *
     * @param question fields, {@code request} among them
     * @param line     gets each line of the answer but the last; false: enough, hang up
     * @throws CommandFailure when weir does not run, hangs up in the middle, or can't answer
     */
    public static void ask(Path directory, Map<String, ?> question, Predicate<JsonNode> line) {
        try (Ending ending = new Ending(LAST_LINES)) {
            ask(directory, question, ending, line);
        }
    }

    /**
     * Asks, until the end is asked for at the latest: weir still sends what it has seen until then.
     *
     * @param ending closed by the caller, when it has made use of the last line
     */
    static void ask(Path directory, Map<String, ?> question, Ending ending, Predicate<JsonNode> line) {
        final Path socket = directory.resolve(NodeFiles.SOCKET);
        try (SocketChannel channel = connect(socket)) {
            ending.whenAsked(() -> askForEnd(channel));
            channel.write(ByteBuffer.wrap((Json.line(question) + "\n").getBytes(StandardCharsets.UTF_8)));
            final BufferedReader lines = new BufferedReader(
                    new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8), 1 << 16);
            while (true) {
                final String text = lines.readLine();
                if (text == null) {
                    throw new CommandFailure("weir ended while it answered");
                }
                final JsonNode answer = Json.MAPPER.readTree(text);
                if (answer.has("error")) {
                    throw new CommandFailure(answer.get("error").asText());
                }
                if (answer.has("end") || !line.test(answer)) {
                    return;
                }
            }
        } catch (final IOException e) {
            throw new CommandFailure(socket + ": " + e.getMessage(), e);
        }
    }

    /** Nothing more is wanted; what was seen so far still comes. */
    private static void askForEnd(SocketChannel channel) {
        try {
            channel.write(ByteBuffer.wrap("{}\n".getBytes(StandardCharsets.UTF_8)));
        } catch (final IOException e) {
            // weir has hung up
        }
    }

    private static SocketChannel connect(Path socket) throws IOException {
        final SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.connect(UnixDomainSocketAddress.of(socket));
            return channel;
        } catch (final IOException e) {
            channel.close();
            final Path node = socket.getParent();
            if (Files.exists(socket) && !Files.isWritable(socket)) {
                throw new CommandFailure(socket + ": permission denied; run this as the user who runs weir", e);
            }
            throw new CommandFailure(
                    "no weir runs for " + (node == null ? socket : node.getFileName())
                            + " now, and this question needs a running one; what it left is shown by"
                            + " weir stat and weir drops",
                    e);
        }
    }
}
