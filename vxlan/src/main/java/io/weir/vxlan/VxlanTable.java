package io.weir.vxlan;

import io.weir.dataplane.wire.IpAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToIntBiFunction;
import java.util.stream.IntStream;

/**
 * What decapsulation looks up, immutable: where tunnels end on this node, and which addresses may send into each network.
 *
 * <p>The networks are few and are scanned; the senders are found by one hash probe, whatever their number:
 *
 * <pre>
 *  senders: power-of-two slots of four longs
 *           | address high | address low | network + 1, 0: free | number in the tally |
 * </pre>
 */
public final class VxlanTable {
    /** No such network. */
    public static final int MISSING = -1;

    private static final int SLOT_LONGS = 4;

    private final List<VxlanNetwork> networks;
    private final int[] ports;
    private final int[] vnis;
    private final long[] localHigh;
    private final long[] localLow;
    private final long[] localMacs;
    private final boolean[] anySender;
    private final boolean[] verifiesChecksum;
    private final int[] segmentMtus;
    private final int widestSegments;
    private final long[] senders;
    private final int senderMask;
    private final PlainSenders plainSenders;

    VxlanTable(VxlanSpec spec, ToIntBiFunction<VxlanNetwork, RemoteVtep> farEnds) {
        networks = spec.networks();
        plainSenders = new PlainSenders(networks, farEnds);
        final int size = networks.size();
        ports = new int[size];
        vnis = new int[size];
        localHigh = new long[size];
        localLow = new long[size];
        localMacs = new long[size];
        anySender = new boolean[size];
        verifiesChecksum = new boolean[size];
        segmentMtus = new int[size];
        int remotes = 0;
        for (int i = 0; i < size; i++) {
            final VxlanNetwork network = networks.get(i);
            ports[i] = network.port();
            vnis[i] = network.vni();
            localHigh[i] = network.localAddress().high();
            localLow[i] = network.localAddress().low();
            localMacs[i] = network.localMac().bits();
            anySender[i] = network.options().acceptUnknownVteps();
            verifiesChecksum[i] = network.options().outerChecksum() == OuterChecksum.VERIFY;
            segmentMtus[i] = network.options().clampsMss() ? network.mtu() : 0;
            remotes += network.remotes().size();
        }
        widestSegments = IntStream.of(segmentMtus).max().orElse(0);
        final int slots = Integer.highestOneBit(Math.max(4, 4 * remotes));
        senders = new long[SLOT_LONGS * slots];
        senderMask = slots - 1;
        for (int i = 0; i < size; i++) {
            final Set<IpAddress> added = new HashSet<>();
            for (final RemoteVtep remote : networks.get(i).remotes()) {
                if (added.add(remote.underlay())) {
                    addSender(remote.underlay(), i, farEnds.applyAsInt(networks.get(i), remote));
                }
            }
        }
    }

    private void addSender(IpAddress address, int network, int farEnd) {
        int slot = hash(address.high(), address.low(), network) & senderMask;
        while (senders[SLOT_LONGS * slot + 2] != 0) {
            slot = (slot + 1) & senderMask;
        }
        senders[SLOT_LONGS * slot] = address.high();
        senders[SLOT_LONGS * slot + 1] = address.low();
        senders[SLOT_LONGS * slot + 2] = network + 1L;
        senders[SLOT_LONGS * slot + 3] = farEnd;
    }

    private static int hash(long high, long low, int network) {
        final long mixed = (high * 31 + low + network) * 0x9E37_79B9_7F4A_7C15L;
        return (int) (mixed >>> 32);
    }

    /** The specification that this table was made of. */
    public List<VxlanNetwork> networks() {
        return networks;
    }

    /** Whether tunnels end at this address and port. */
    boolean endsAt(long high, long low, int port) {
        for (int i = 0; i < ports.length; i++) {
            if (ports[i] == port && localLow[i] == low && localHigh[i] == high) {
                return true;
            }
        }
        return false;
    }

    /** The network's index, or {@link #MISSING}. */
    int find(long high, long low, int port, int vni) {
        for (int i = 0; i < ports.length; i++) {
            if (vnis[i] == vni && ports[i] == port && localLow[i] == low && localHigh[i] == high) {
                return i;
            }
        }
        return MISSING;
    }

    /** The number of who has this underlay address, or {@link #MISSING} when it may not send into the network. */
    int senderOf(long high, long low, int network) {
        int slot = hash(high, low, network) & senderMask;
        while (senders[SLOT_LONGS * slot + 2] != 0) {
            if (senders[SLOT_LONGS * slot + 1] == low
                    && senders[SLOT_LONGS * slot] == high
                    && senders[SLOT_LONGS * slot + 2] == network + 1L) {
                return (int) senders[SLOT_LONGS * slot + 3];
            }
            slot = (slot + 1) & senderMask;
        }
        return anySender[network] ? 0 : MISSING;
    }

    /** The senders whose packets can be judged by a few words. */
    PlainSenders plainSenders() {
        return plainSenders;
    }

    /** What TCP through the network is told to keep to, in bytes of an IP packet; 0: it is told nothing. */
    int segmentMtu(int network) {
        return segmentMtus[network];
    }

    /** Whether TCP through any network is told what to keep to. */
    boolean clampsMss() {
        return widestSegments != 0;
    }

    long localMac(int network) {
        return localMacs[network];
    }

    boolean verifiesChecksum(int network) {
        return verifiesChecksum[network];
    }

    /** {@code 2 networks, 17 remote VTEPs}. */
    public String describe() {
        int remotes = 0;
        for (final VxlanNetwork network : networks) {
            remotes += network.remotes().size();
        }
        return networks.size()
                + (networks.size() == 1 ? " network, " : " networks, ")
                + remotes
                + (remotes == 1 ? " remote VTEP" : " remote VTEPs");
    }
}
