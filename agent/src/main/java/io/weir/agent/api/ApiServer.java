package io.weir.agent.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the socket: a connection brings one request, a line {@code {"request":NAME,...}}, and gets lines back, the last of
 * which is {@code {"end":true}} or {@code {"error":"..."}}. A client that hangs up ends its stream.
 *
 * <p>The socket is its owner's only. Each connection has a virtual thread of its own; none of them is a worker's.
 */
final class ApiServer implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(ApiServer.class);
    private static final int MAX_QUESTION = 1 << 18;

    private final Path socket;
    private final Map<String, ApiRequest> requests;
    private final ServerSocketChannel server;
    private final Set<SocketChannel> connections = ConcurrentHashMap.newKeySet();
    private final Set<ApiAnswer> answers = ConcurrentHashMap.newKeySet();

    /** Binds the socket and starts to answer; an old socket of a weir that was killed is replaced. */
    ApiServer(Path socket, Map<String, ApiRequest> requests) throws IOException {
        this.socket = socket;
        this.requests = Map.copyOf(requests);
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        final Path fresh = socket.resolveSibling(socket.getFileName() + ".new");
        try {
            Files.deleteIfExists(fresh);
            server.bind(UnixDomainSocketAddress.of(fresh));
            // nobody can connect by the final name before the permissions are right
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
            Files.move(fresh, socket, StandardCopyOption.ATOMIC_MOVE);
        } catch (final IOException | RuntimeException e) {
            server.close();
            Files.deleteIfExists(fresh);
            throw e;
        }
        Thread.ofVirtual().name("weir-api").start(this::accept);
    }

    private void accept() {
        while (server.isOpen()) {
            try {
                final SocketChannel connection = server.accept();
                connections.add(connection);
                Thread.ofVirtual().name("weir-api-connection").start(() -> serve(connection));
            } catch (final ClosedChannelException e) {
                return;
            } catch (final IOException e) {
                LOGGER.warn("a connection to {} failed: {}", socket, e.getMessage());
            }
        }
    }

    private void serve(SocketChannel connection) {
        try (connection) {
            final InputStream in = Channels.newInputStream(connection);
            final ApiAnswer answer =
                    new ApiAnswer(new BufferedOutputStream(Channels.newOutputStream(connection), 1 << 16));
            answers.add(answer);
            try {
                final String question = readLine(in);
                Thread.ofVirtual().name("weir-api-hangup").start(() -> watch(in, answer));
                answer(question, answer);
                answer.flush();
            } finally {
                answers.remove(answer);
            }
        } catch (final IOException e) {
            LOGGER.debug("a client of {} went away: {}", socket, e.getMessage());
        } finally {
            connections.remove(connection);
        }
    }

    private static String readLine(InputStream in) throws IOException {
        final ByteArrayOutputStream line = new ByteArrayOutputStream(256);
        for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
            if (line.size() == MAX_QUESTION) {
                throw new IOException("a question of more than " + MAX_QUESTION + " bytes");
            }
            line.write(next);
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    /** A client sends nothing more; when its side ends, it has gone. */
    private static void watch(InputStream in, ApiAnswer answer) {
        try {
            while (in.read() >= 0) {
                // whatever it says after its question is not heard
            }
        } catch (final IOException e) {
            LOGGER.trace("reading from a client ended", e);
        } finally {
            answer.end();
        }
    }

    private void answer(String line, ApiAnswer answer) throws IOException {
        try {
            final JsonNode question = ApiAnswer.MAPPER.readTree(line);
            final String name = question.path("request").asText();
            final ApiRequest request = requests.get(name);
            if (request == null) {
                throw new ApiException("unknown request '" + name + "'; this weir knows "
                        + String.join(", ", new TreeSet<>(requests.keySet())));
            }
            request.answer(question, answer);
            answer.line(Map.of("end", true));
        } catch (final JsonProcessingException e) {
            answer.line(Map.of("error", "the question is no JSON: " + e.getOriginalMessage()));
        } catch (final ApiException | IllegalArgumentException e) {
            answer.line(Map.of("error", String.valueOf(e.getMessage())));
        }
    }

    /** Hangs up on everybody and removes the socket. */
    @Override
    public void close() throws IOException {
        server.close();
        answers.forEach(ApiAnswer::end);
        for (final SocketChannel connection : connections) {
            connection.close();
        }
        Files.deleteIfExists(socket);
    }
}
