package io.weir.dataplane.offload;

import io.weir.dataplane.linux.BpfInstructions;
import io.weir.dataplane.linux.BpfProgram;
import io.weir.dataplane.linux.KernelLink;
import io.weir.dataplane.linux.KernelLinks;
import io.weir.dataplane.linux.LinuxException;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.Rtnetlink;
import io.weir.dataplane.linux.TapDevice;
import io.weir.dataplane.linux.TapSpec;
import io.weir.dataplane.wire.MacAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pod's interface as one end of a veth pair. Its other end is in the {@link SwitchNamespace}, and beside it a TAP, which is the port
 * that weir's workers use; two programs join them.
 *
 * <pre>
 *   pod            :            switch namespace            : weir
 *   eth0 (veth) ───:─── host end ─program─► TAP ────────────:─► worker
 *        ◄─────────:──────────────◄─program─ TAP ◄──────────:── worker
 *        ◄─────────:────────────── program of another pod's host end, for an entry of {@link KernelOffload}
 * </pre>
 */
public final class PodVeth implements AutoCloseable {
    /** Packets that wait for a worker at most; twice the kernel's default, because a worker may be off its core. */
    private static final int QUEUE_LENGTH = 1000;

    /** The most that a veth takes, so that a packet above the MTU comes to weir, which answers and counts it. */
    private static final int HOST_END_MTU = 65535;

    private static final String TAP = "tun";
    private static final int EEXIST = 17;

    private final SwitchNamespace namespace;
    private final KernelLink hostEnd;
    private final KernelLink tapLink;
    private final TapDevice tap;
    private final List<BpfProgram> programs = new ArrayList<>();

    private PodVeth(SwitchNamespace namespace, KernelLink hostEnd, KernelLink tapLink, TapDevice tap) {
        this.namespace = namespace;
        this.hostEnd = hostEnd;
        this.tapLink = tapLink;
        this.tap = tap;
    }

    static PodVeth open(
            SwitchNamespace namespace,
            NetworkNamespace pod,
            String name,
            MacAddress mac,
            MacAddress gateway,
            int queues) {
        final KernelLinks links = namespace.network().links();
        final KernelLink hostEnd = hostEnd(links, pod, name);
        TapDevice tap = null;
        try {
            // Each has the address that frames are for: the kernel marks a frame for any other address as not for
            // this machine, and the pod would throw it away.
            links.mac(hostEnd.name(), gateway);
            links.mtu(hostEnd.name(), HOST_END_MTU);
            final String tapName = "t" + hostEnd.name().substring(1);
            tap = TapDevice.open(TapSpec.of(tapName, queues), namespace.namespace());
            links.mac(tapName, mac);
            links.transmitQueueLength(tapName, QUEUE_LENGTH);
            links.up(tapName);
            links.up(hostEnd.name());
            return new PodVeth(namespace, hostEnd, links.find(tapName).orElseThrow(), tap);
        } catch (final RuntimeException e) {
            delete(links, hostEnd.name());
            if (tap != null) {
                tap.close();
            }
            throw e;
        }
    }

    /** The other end of the pod's interface, which is made when it is not there. */
    private static KernelLink hostEnd(KernelLinks links, NetworkNamespace pod, String name) {
        // The pod's interfaces have the same numbers in many pods, so the other end says by its name whose it is.
        final String hostEnd = String.format("p%08x%04x", (int) pod.identity(), name.hashCode() & 0xFFFF);
        try (Rtnetlink inside = Rtnetlink.open(pod)) {
            final @Nullable KernelLink present = inside.links().find(name).orElse(null);
            final @Nullable KernelLink left = links.find(hostEnd).orElse(null);
            if (present != null && left != null && present.peer() == left.index() && left.peer() == present.index()) {
                return left;
            }
            if (left != null) {
                links.delete(hostEnd);
            }
            if (present != null && present.kind().equals(TAP)) {
                // The pod had a TAP until now.
                inside.links().delete(name);
            } else if (present != null) {
                throw LinuxException.of(
                        "making the interface " + name + " in the " + pod,
                        EEXIST,
                        "there is one of that name, and it is not weir's");
            }
            links.createVeth(hostEnd, name, pod);
            return links.find(hostEnd).orElseThrow();
        }
    }

    BpfProgram load(String program, BpfInstructions code) {
        final BpfProgram loaded = BpfProgram.load(BpfProgram.Kind.INGRESS, program, code);
        programs.add(loaded);
        return loaded;
    }

    /** What weir's workers read and write; closed with this. */
    public TapDevice tap() {
        return tap;
    }

    String tapName() {
        return tapLink.name();
    }

    int tapIndex() {
        return tapLink.index();
    }

    String hostEndName() {
        return hostEnd.name();
    }

    int hostEndIndex() {
        return hostEnd.index();
    }

    /** Cuts the pod off, but leaves its interface to the next weir. */
    @Override
    public void close() {
        programs.forEach(BpfProgram::close);
        programs.clear();
        tap.close();
    }

    /** Takes the pod's interface away. */
    public void remove() {
        close();
        delete(namespace.network().links(), hostEnd.name());
    }

    private static void delete(KernelLinks links, String hostEnd) {
        try {
            links.delete(hostEnd);
        } catch (final LinuxException e) {
            // It went with the pod's namespace.
            if (links.find(hostEnd).isPresent()) {
                throw e;
            }
        }
    }
}
