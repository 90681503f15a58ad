package io.weir.tools.run;

import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.wire.IpAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Datagrams that a far side sends back. */
final class UdpEcho implements AutoCloseable {
    private static final int PORT = 7007;

    private final DatagramSocket server;
    private final DatagramSocket client;
    private final InetSocketAddress destination;

    UdpEcho(NetworkNamespace from, NetworkNamespace to, IpAddress address) throws IOException {
        server = to.call(() -> new DatagramSocket(new InetSocketAddress(address.toInetAddress(), PORT)));
        server.setReceiveBufferSize(1 << 20);
        // not connected: Java sends no empty datagram by a connected socket, and "fragmentation needed" is no failure
        client = from.call(() -> new DatagramSocket());
        destination = new InetSocketAddress(address.toInetAddress(), PORT);
        client.setReceiveBufferSize(1 << 20);
        Thread.ofPlatform().daemon().name("echo").start(this::echo);
    }

    private void echo() {
        final DatagramPacket packet = new DatagramPacket(new byte[65_536], 65_536);
        try {
            while (true) {
                packet.setLength(65_536);
                server.receive(packet);
                server.send(packet);
            }
        } catch (final SocketException e) {
            Thread.currentThread().interrupt(); // closed
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Sends datagrams of a size that the path does not take until one comes back: where fragments are forbidden the first
     * only teaches its sender, and the first echo the far side.
     */
    void teachPathMtu(int size) throws IOException {
        for (int i = 0; i < 3; i++) {
            if (comesBack(size, 300)) {
                return;
            }
        }
        throw new AssertionError("datagrams of " + size + " bytes in vain");
    }

    /** Sends one datagram of each size and returns the sizes that did not come back whole. */
    List<Integer> failing(IntStream sizes) throws IOException {
        final List<Integer> failing = new ArrayList<>();
        for (final int size : sizes.toArray()) {
            if (!comesBack(size, 3000)) {
                failing.add(size);
            }
        }
        return failing;
    }

    /** What comes back of other datagrams is late, and is passed over. */
    private boolean comesBack(int size, int patienceMs) throws IOException {
        final byte[] payload = new byte[size];
        new SplittableRandom(size).nextBytes(payload);
        client.send(new DatagramPacket(payload, size, destination));
        client.setSoTimeout(patienceMs);
        final DatagramPacket back = new DatagramPacket(new byte[65_536], 65_536);
        try {
            do {
                back.setLength(65_536);
                client.receive(back);
            } while (back.getLength() != size);
        } catch (final SocketTimeoutException e) {
            return false;
        }
        return Arrays.equals(payload, Arrays.copyOf(back.getData(), size));
    }

    @Override
    public void close() {
        client.close();
        server.close();
    }
}
