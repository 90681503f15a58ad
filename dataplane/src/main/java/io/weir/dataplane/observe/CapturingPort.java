package io.weir.dataplane.observe;

import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.port.Port;
import io.weir.dataplane.port.PortDrops;
import java.util.function.IntConsumer;

/** A port whose packets somebody else sees too: each as it came, and each as it was sent. */
public final class CapturingPort implements Port {
    /** Sees packets on the worker's thread; the bytes are there only during the call. */
    public interface Tap {
        /**
         * A frame passed.
         *
         * @param sent    true when the port took it to send, false when it came from the port
         * @param address its first byte
         */
        void packet(boolean sent, long address, int length);
    }

    private final Port port;
    private final Tap tap;

    public CapturingPort(Port port, Tap tap) {
        this.port = port;
        this.tap = tap;
    }

    /** The port without this tap; others stay. */
    public static Port without(Tap tap, Port port) {
        if (!(port instanceof CapturingPort capturing)) {
            return port;
        }
        return capturing.tap == tap ? capturing.port : new CapturingPort(without(tap, capturing.port), capturing.tap);
    }

    @Override
    public String name() {
        return port.name();
    }

    @Override
    public int receive(Burst burst, PacketPool pool) {
        final int before = burst.size();
        final int count = port.receive(burst, pool);
        for (int i = before; i < burst.size(); i++) {
            tap.packet(false, burst.address(i), burst.length(i));
        }
        return count;
    }

    @Override
    public int transmit(Burst burst) {
        final int sent = port.transmit(burst);
        for (int i = 0; i < sent; i++) {
            tap.packet(true, burst.address(i), burst.length(i));
        }
        return sent;
    }

    @Override
    public void drops(PortDrops drops) {
        port.drops(drops);
    }

    @Override
    public boolean takesBigPackets() {
        return port.takesBigPackets();
    }

    @Override
    public boolean files(IntConsumer file) {
        return port.files(file);
    }

    @Override
    public void close() {
        port.close();
    }
}
