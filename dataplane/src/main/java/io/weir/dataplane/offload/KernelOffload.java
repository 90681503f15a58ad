package io.weir.dataplane.offload;

import io.weir.dataplane.linux.BpfProgram;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.PacketSocket;
import io.weir.dataplane.wire.MacAddress;
import java.util.List;
import org.agrona.collections.Int2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Offload by programs of ours in the kernel, between pods whose interfaces are {@link PodVeth}s, and between them and uplinks. The programs are there as long as
 * this process is: when it dies, in whatever way, nothing is carried any more.
 */
public final class KernelOffload implements FlowOffload, AutoCloseable {
    private final SwitchNamespace namespace;
    private final OffloadTable table;
    private final Int2ObjectHashMap<PodVeth> ports = new Int2ObjectHashMap<>();
    private final Int2ObjectHashMap<OffloadUplink> uplinks = new Int2ObjectHashMap<>();

    private KernelOffload(SwitchNamespace namespace, OffloadTable table) {
        this.namespace = namespace;
        this.table = table;
    }

    /**
     * Makes the table, and the namespace, or finds the one that an earlier weir has left.
     *
     * @param switchName name of the namespace where the switch's ends of all veths are
     * @param flows      how many directions of connections are carried at a time
     */
    public static KernelOffload open(String switchName, int flows) {
        final SwitchNamespace namespace = SwitchNamespace.open(switchName);
        try {
            return new KernelOffload(namespace, new OffloadTable(flows));
        } catch (final RuntimeException e) {
            namespace.close();
            throw e;
        }
    }

    /** Takes away what a weir that used {@link PodVeth}s has left, the pods' interfaces too. */
    public static void removeLeft(String switchName) {
        if (SwitchNamespace.exists(switchName)) {
            try (SwitchNamespace left = SwitchNamespace.open(switchName)) {
                left.clear();
            }
        }
    }

    /**
     * Makes a pod's interface, down and without addresses, or finds again the one that an earlier weir has left.
     *
     * @param name    of the pod's interface; a TAP of that name in the pod is replaced
     * @param mac     of the pod's interface
     * @param gateway Ethernet address that the pod sends to
     * @param queues  of the TAP by which weir reads and writes
     */
    public PodVeth pod(NetworkNamespace pod, String name, MacAddress mac, MacAddress gateway, int queues) {
        final PodVeth device = PodVeth.open(namespace, pod, name, mac, gateway, queues);
        try {
            final BpfProgram fromPod = device.load(
                    "weir_from_pod",
                    OffloadPrograms.fromPod(table.table(), device.hostEndIndex(), device.tapIndex(), mac, gateway));
            final BpfProgram toPod = device.load("weir_to_pod", OffloadPrograms.toPod(device.hostEndIndex()));
            namespace.namespace().run(() -> {
                toPod.attach(device.tapName());
                fromPod.attach(device.hostEndName());
            });
            return device;
        } catch (final RuntimeException e) {
            device.remove();
            throw e;
        }
    }

    /** From now on connections may be carried from and to this port. */
    public void attach(int port, PodVeth device) {
        ports.put(port, device);
    }

    /** Takes back what is carried from and to the port of this device; the number may have gone to another one already. */
    public void detach(int port, PodVeth device) {
        if (ports.get(port) == device) {
            ports.remove(port);
            table.removePort(port);
        }
    }

    /**
     * Lets the kernel carry connections from and to an uplink, too, once it is {@linkplain #attach(int, OffloadUplink) attached}.
     *
     * @param node    the namespace that it is in
     * @param mac     that packets are for
     * @param sockets by which weir receives from it; they get no packets that the kernel carries
     */
    public OffloadUplink uplink(
            NetworkNamespace node, String interfaceName, MacAddress mac, List<PacketSocket> sockets) {
        return OffloadUplink.open(namespace, node, interfaceName, mac, sockets, table.table());
    }

    /** From now on connections may be carried from and to this port. */
    public void attach(int port, OffloadUplink uplink) {
        uplinks.put(port, uplink);
    }

    /** Takes back what is carried from and to the port of this uplink. */
    public void detach(int port, OffloadUplink uplink) {
        if (uplinks.get(port) == uplink) {
            uplinks.remove(port);
            table.removePort(port);
        }
    }

    /** Directions that are carried now. */
    public int size() {
        return table.size();
    }

    @Override
    public boolean takes(int ingressPort, int egressPort) {
        return ports.containsKey(ingressPort)
                ? ports.containsKey(egressPort) || uplinks.containsKey(egressPort)
                : uplinks.containsKey(ingressPort) && ports.containsKey(egressPort);
    }

    @Override
    public boolean add(OffloadedFlow original, OffloadedFlow reply) {
        final OffloadEnd one = end(reply.egressPort(), original);
        final OffloadEnd other = end(original.egressPort(), reply);
        return one != null && other != null && table.add(original, one, reply, other);
    }

    /** The end of this port, where these packets come in. */
    private @Nullable OffloadEnd end(int port, OffloadedFlow inwards) {
        final PodVeth pod = ports.get(port);
        if (pod != null) {
            return new OffloadEnd(pod.hostEndIndex(), pod.hostEndIndex());
        }
        final OffloadUplink uplink = uplinks.get(port);
        if (uplink == null) {
            return null;
        }
        final OffloadTunnel tunnel = inwards.tunnel();
        return new OffloadEnd(tunnel == null ? uplink.trunk() : UplinkPrograms.interfaceOf(tunnel), uplink.trunk());
    }

    @Override
    public OffloadCount count(OffloadKey key) {
        return table.count(key);
    }

    @Override
    public OffloadCount remove(OffloadKey key) {
        return table.remove(key);
    }

    /** Carries nothing any more. The devices must be closed or removed before; the namespace goes when it has none. */
    @Override
    public void close() {
        table.close();
        namespace.close();
    }
}
