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

    /** Sends one datagram of each size and returns the sizes that did not come back whole. */
    List<Integer> failing(IntStream sizes) throws IOException {
        client.setSoTimeout(3000);
        final List<Integer> failing = new ArrayList<>();
        final DatagramPacket back = new DatagramPacket(new byte[65_536], 65_536);
        for (final int size : sizes.toArray()) {
            final byte[] payload = new byte[size];
            new SplittableRandom(size).nextBytes(payload);
            client.send(new DatagramPacket(payload, size, destination));
            back.setLength(65_536);
            try {
                client.receive(back);
                if (!Arrays.equals(payload, Arrays.copyOf(back.getData(), back.getLength()))) {
                    failing.add(size);
                }
            } catch (final SocketTimeoutException e) {
                failing.add(size);
            }
        }
        return failing;
    }

    @Override
    public void close() {
        client.close();
        server.close();
    }
}
