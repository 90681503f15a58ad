package io.weir.tools.run;

import io.weir.dataplane.linux.NetworkNamespace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;

/** Answers every datagram with its name, as a name server answers queries: no connection, one datagram each way. */
final class NameServer implements AutoCloseable {
    private final DatagramSocket socket;
    private final String name;

    NameServer(NetworkNamespace namespace, String name) throws IOException {
        this.name = name;
        socket = namespace.call(() -> new DatagramSocket(new InetSocketAddress(ServiceRig.TARGET_PORT)));
        Thread.ofPlatform().daemon().name(name).start(this::serve);
    }

    String name() {
        return name;
    }

    private void serve() {
        final DatagramPacket packet = new DatagramPacket(new byte[512], 512);
        try {
            while (true) {
                packet.setData(new byte[512]);
                socket.receive(packet);
                packet.setData(name.getBytes(StandardCharsets.UTF_8));
                socket.send(packet);
            }
        } catch (final SocketException e) {
            Thread.currentThread().interrupt(); // closed
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Answers nobody any more. */
    void stop() {
        socket.close();
    }

    @Override
    public void close() {
        stop();
    }
}
