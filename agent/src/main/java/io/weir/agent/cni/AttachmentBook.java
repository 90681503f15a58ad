package io.weir.agent.cni;

import io.weir.agent.file.SafeFile;
import io.weir.agent.ipam.AddressPool;
import io.weir.agent.ipam.NoAddressException;
import io.weir.agent.node.HostPort;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Every attachment and every address of this node, in memory and in a file. An attachment is in the file before anything
 * is made for it in the kernel, and until everything of it is gone: a weir that is killed finds again what it had made
 * and what it was about to make. Any thread may use it.
 *
 * <p>Changes that come together are written together: who waits for {@link #save} while another writes finds its own
 * change written, too.
 */
final class AttachmentBook {
    private static final Logger LOGGER = LoggerFactory.getLogger(AttachmentBook.class);
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
    private static final String FORMAT = "weir-attachments";
    private static final int VERSION = 1;

    private final SafeFile file;
    private final InstantSource clock;
    private final String boot;
    private final ReentrantLock writing = new ReentrantLock();
    private final AddressPool pool = new AddressPool();
    private final Map<String, CniAttachment> attachments = new LinkedHashMap<>();
    private long changes;
    private long written;

    /**
     * Reads the file. One that is damaged is put aside, and the node starts without: addresses that the cluster's Pods have
     * are still not given to others.
     *
     * @throws IOException when there is a file that can't be read, or is a later weir's
     */
    AttachmentBook(Path path, InstantSource clock) throws IOException {
        this.clock = clock;
        file = new SafeFile(path, FORMAT, VERSION);
        boot = Files.exists(BOOT_ID) ? Files.readString(BOOT_ID).strip() : "";
        try {
            final String text = file.read();
            if (text != null) {
                restore(AttachmentText.read(text));
            }
        } catch (final SafeFile.DamagedException e) {
            final Path aside = path.resolveSibling(path.getFileName() + ".damaged");
            Files.move(path, aside, StandardCopyOption.REPLACE_EXISTING);
            LOGGER.error("{}; it is now {}, and what was attached before is not known", e.getMessage(), aside);
        }
    }

    private void restore(AttachmentText text) {
        final boolean isSameBoot = text.boot().equals(boot);
        for (final CniAttachment each : text.attachments()) {
            if (isSameBoot) {
                attachments.put(each.id(), each);
                each.addresses().forEach(address -> pool.keep(address, each.pod()));
            }
        }
        pool.restore(text.freed());
        if (!isSameBoot && !text.attachments().isEmpty()) {
            LOGGER.info(
                    "{} attachments ended with the machine's last run",
                    text.attachments().size());
        }
    }

    /** Addresses come from these ranges from now on. */
    synchronized void ranges(List<IpPrefix> ranges) {
        pool.ranges(ranges);
    }

    synchronized Optional<CniAttachment> find(String id) {
        return Optional.ofNullable(attachments.get(id));
    }

    /** In the order in which they were made. */
    synchronized List<CniAttachment> all() {
        return List.copyOf(attachments.values());
    }

    /** The attachment, of another one than this, that has a pod's name. */
    synchronized Optional<CniAttachment> ofPod(String pod, String exceptId) {
        return attachments.values().stream()
                .filter(each -> each.pod().equals(pod) && !each.id().equals(exceptId))
                .reduce((_, later) -> later);
    }

    /** Whether the node has a range, and in each family that it has one of an address that is not in use. */
    synchronized boolean hasRoom() {
        boolean any = false;
        for (final boolean ipv6 : new boolean[] {false, true}) {
            if (pool.has(ipv6)) {
                final long used = pool.inUse().stream()
                        .filter(address -> address.isIpv6() == ipv6)
                        .count();
                if (used >= pool.capacity(ipv6)) {
                    return false;
                }
                any = true;
            }
        }
        return any;
    }

    /**
     * Notes an attachment with addresses of its own; {@link #save} makes it last.
     *
     * @param wanted  addresses that it must have; of a family without one it gets any, if the node has a range of it
     * @param isTaken addresses that somebody has who was not attached here
     * @throws CniException when there is no address, or a host port is another's; nothing is noted then
     */
    synchronized CniAttachment add(CniAttachment draft, List<IpAddress> wanted, Predicate<IpAddress> isTaken)
            throws CniException {
        for (final HostPort port : draft.hostPorts()) {
            checkFree(port);
        }
        final List<IpAddress> taken = new ArrayList<>();
        final long nowMs = clock.millis();
        try {
            for (final IpAddress address : wanted) {
                pool.take(address, draft.pod(), isTaken);
                taken.add(address);
            }
            for (final boolean ipv6 : new boolean[] {false, true}) {
                if (pool.has(ipv6) && taken.stream().noneMatch(address -> address.isIpv6() == ipv6)) {
                    taken.add(pool.take(ipv6, draft.pod(), nowMs, isTaken));
                }
            }
        } catch (final NoAddressException e) {
            taken.forEach(pool::giveBack);
            throw new CniException(CniException.TRY_AGAIN, String.valueOf(e.getMessage()));
        }
        if (taken.isEmpty()) {
            throw new CniException(
                    CniException.TRY_AGAIN,
                    "this node has no range for pods yet; see podCidrs and the Node's spec.podCIDRs");
        }
        final CniAttachment attachment = new CniAttachment(
                draft.network(),
                draft.container(),
                draft.interfaceName(),
                draft.namespace(),
                draft.identity(),
                draft.pod(),
                taken,
                draft.mac(),
                draft.hostPorts());
        attachments.put(attachment.id(), attachment);
        changes++;
        return attachment;
    }

    private void checkFree(HostPort wanted) throws CniException {
        for (final CniAttachment other : attachments.values()) {
            for (final HostPort port : other.hostPorts()) {
                if (port.collidesWith(wanted)) {
                    throw new CniException(
                            CniException.HOST_PORT_TAKEN,
                            "host port " + wanted.hostPort() + " leads to " + other.pod() + " already");
                }
            }
        }
    }

    /** Forgets an attachment and takes its addresses back, which then rest. Nothing happens when it is not known. */
    synchronized void remove(String id) {
        final CniAttachment attachment = attachments.remove(id);
        if (attachment != null) {
            final long nowMs = clock.millis();
            attachment.addresses().forEach(address -> pool.free(address, nowMs));
            changes++;
        }
    }

    /** Returns when every change until now is on the disk. */
    void save() throws IOException {
        final long wanted;
        synchronized (this) {
            wanted = changes;
        }
        writing.lock();
        try {
            if (written >= wanted) {
                return;
            }
            final AttachmentText text;
            final long reached;
            synchronized (this) {
                reached = changes;
                text = new AttachmentText(boot, List.copyOf(attachments.values()), pool.freed());
            }
            file.write(text.write());
            written = reached;
        } finally {
            writing.unlock();
        }
    }
}
