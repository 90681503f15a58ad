package io.weir.agent.cni;

import io.weir.agent.node.Attachment;
import io.weir.agent.node.LocalNode;
import io.weir.agent.node.LocalPod;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does what container runtimes ask for (CNI specification 1.1.0): ADD, DEL, CHECK, GC and STATUS. Each call has a thread of
 * its own; calls about one interface wait for each other, and all others run side by side.
 *
 * <p>The order within ADD makes it safe to be killed at any point: addresses and attachment into the book's file; the
 * interface and the tables, all workers passed on; the answer. DEL goes the other way round.
 */
public final class CniService {
    private static final Logger LOGGER = LoggerFactory.getLogger(CniService.class);

    /** How long the Kubernetes API may lag behind the kubelet. */
    private static final long POD_PATIENCE_MS = 2_000;

    private static final long POD_POLL_MS = 10;
    private static final long ATTACH_PATIENCE_S = 15;

    private final PodAttacher attacher;
    private final AttachmentBook book;
    private final boolean knowsEveryPod;
    private final ReentrantLock[] locks = new ReentrantLock[64];
    private final Set<String> missing = new HashSet<>();
    private volatile Supplier<@Nullable LocalNode> node = () -> null;

    /**
     * @param file          what was attached is kept there
     * @param knowsEveryPod whether the node's source tells of every pod sooner or later, as the Kubernetes API does
     * @throws IOException when the file can't be read
     */
    public CniService(PodAttacher attacher, Path file, boolean knowsEveryPod) throws IOException {
        this.attacher = attacher;
        this.knowsEveryPod = knowsEveryPod;
        book = new AttachmentBook(file, InstantSource.system());
        for (int i = 0; i < locks.length; i++) {
            locks[i] = new ReentrantLock();
        }
    }

    /** What was attached before weir started and still is there, to be attached again. */
    public List<Attachment> restored() {
        return book.all().stream()
                .filter(CniAttachment::isAlive)
                .map(CniAttachment::toAttachment)
                .toList();
    }

    /** The node forwards; calls are answered from now on. */
    public void started(Supplier<@Nullable LocalNode> running) {
        node = running;
    }

    /** Does what a call wants. Returns the result of ADD, and nothing for all else. */
    Optional<Map<String, Object>> call(CniCall call) throws CniException {
        final LocalNode current = current();
        book.ranges(current.podRanges());
        return switch (call.command()) {
            case "ADD" -> Optional.of(locked(call.id(), () -> add(call, current)));
            case "DEL" -> {
                locked(call.id(), () -> delete(call.id()));
                yield Optional.empty();
            }
            case "CHECK" -> {
                locked(call.id(), () -> check(call));
                yield Optional.empty();
            }
            case "GC" -> {
                collect(call.config());
                yield Optional.empty();
            }
            default -> {
                status(current);
                yield Optional.empty();
            }
        };
    }

    private LocalNode current() throws CniException {
        final LocalNode current = node.get();
        if (current == null) {
            throw new CniException(CniException.TRY_AGAIN, "weir is starting");
        }
        return current;
    }

    private interface Step<T> {
        T run() throws CniException;
    }

    private <T> T locked(String id, Step<T> step) throws CniException {
        final ReentrantLock lock = locks[Math.floorMod(id.hashCode(), locks.length)];
        lock.lock();
        try {
            return step.run();
        } finally {
            lock.unlock();
        }
    }

    private Map<String, Object> add(CniCall call, LocalNode current) throws CniException {
        final String identity = NamespaceIdentity.of(call.namespace())
                .orElseThrow(() -> new CniException(
                        CniException.INVALID_ENVIRONMENT,
                        "CNI_NETNS is '" + call.namespace() + "', where there is no network namespace"));
        final Optional<CniAttachment> known = book.find(call.id());
        if (known.isPresent() && !known.get().identity().equals(identity)) {
            delete(call.id()); // the container has come back with another namespace, and nobody said DEL
        }
        final LocalNode node = awaitPod(call, current);
        final CniAttachment attachment =
                known.isPresent() && known.get().identity().equals(identity)
                        ? known.get() // the runtime did not hear the answer, and asks again
                        : book.add(draft(call, identity), wantedAddresses(call), isTaken(node));
        save();
        try {
            await(attacher.attach(attachment.toAttachment()));
        } catch (final CniException e) {
            delete(call.id());
            throw e;
        }
        LOGGER.info("attached {} with {}", attachment.pod(), attachment.addresses());
        return CniResult.added(call.config(), attachment, node.podMtu());
    }

    /** Policies select pods by labels, which only the API knows: an interface without them would be open or shut wrongly. */
    private LocalNode awaitPod(CniCall call, LocalNode current) throws CniException {
        if (!knowsEveryPod) {
            return current;
        }
        if (!call.isKubernetes()) {
            throw new CniException(
                    CniException.INVALID_ENVIRONMENT,
                    "CNI_ARGS names no pod: K8S_POD_NAMESPACE and K8S_POD_NAME say which one it is");
        }
        final long endNs = System.nanoTime() + POD_PATIENCE_MS * 1_000_000L;
        LocalNode now = current;
        while (!now.cluster().pods().containsKey(call.pod())) {
            if (System.nanoTime() - endNs > 0) {
                throw new CniException(
                        CniException.TRY_AGAIN,
                        "the Kubernetes API has not told of the pod " + call.pod() + " within " + POD_PATIENCE_MS
                                + " ms");
            }
            try {
                Thread.sleep(POD_POLL_MS);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CniException(CniException.TRY_AGAIN, "weir is ending");
            }
            now = current();
        }
        return now;
    }

    private CniAttachment draft(CniCall call, String identity) throws CniException {
        String pod = call.pod();
        final Optional<CniAttachment> namesake = book.ofPod(pod, call.id());
        if (namesake.isPresent() && !call.isKubernetes()) {
            pod = call.uniquePod();
        } else if (namesake.isPresent() && namesake.get().container().equals(call.container())) {
            throw new CniException(
                    CniException.INVALID_ENVIRONMENT,
                    "CNI_IFNAME is '" + call.interfaceName() + "', and the pod has "
                            + namesake.get().interfaceName() + " already: weir makes one interface for each pod");
        }
        return new CniAttachment(
                call.config().name(),
                call.container(),
                call.interfaceName(),
                call.namespace(),
                identity,
                pod,
                List.of(),
                wantedMac(call),
                call.config().hostPorts());
    }

    private static @Nullable MacAddress wantedMac(CniCall call) throws CniException {
        try {
            return call.wantedMac().isEmpty() ? call.config().mac() : MacAddress.parse(call.wantedMac());
        } catch (final IllegalArgumentException e) {
            throw new CniException(CniException.INVALID_ENVIRONMENT, "CNI_ARGS, MAC: " + e.getMessage());
        }
    }

    private static List<IpAddress> wantedAddresses(CniCall call) throws CniException {
        try {
            return call.wantedAddress().isEmpty()
                    ? call.config().addresses()
                    : List.of(NetworkConfig.address(call.wantedAddress()));
        } catch (final IllegalArgumentException e) {
            throw new CniException(CniException.INVALID_ENVIRONMENT, "CNI_ARGS, IP: " + e.getMessage());
        }
    }

    /** Addresses of the node itself, and of pods that somebody else gave theirs. */
    private static Predicate<IpAddress> isTaken(LocalNode node) {
        final Set<IpAddress> taken = new HashSet<>(node.addresses());
        for (final LocalPod pod : node.pods().values()) {
            if (pod.pod() != null) { // an EndpointSlice alone gives nobody an address
                taken.addAll(pod.addresses());
            }
        }
        return taken::contains;
    }

    /** Takes an interface away, and gives its addresses back; one that is not known is gone already. */
    private boolean delete(String id) throws CniException {
        final Optional<CniAttachment> attachment = book.find(id);
        if (attachment.isEmpty()) {
            return false;
        }
        await(attacher.detach(id));
        book.remove(id);
        save();
        LOGGER.info("detached {}", attachment.get().pod());
        return true;
    }

    private boolean check(CniCall call) throws CniException {
        final CniAttachment attachment = book.find(call.id())
                .orElseThrow(() -> new CniException(
                        CniException.UNKNOWN_CONTAINER, "weir has not attached " + call.id() + ", or it was deleted"));
        if (!NamespaceIdentity.of(call.namespace())
                .filter(attachment.identity()::equals)
                .isPresent()) {
            throw new CniException(
                    CniException.CHECK_FAILED,
                    attachment.pod() + " is attached in another network namespace than " + call.namespace());
        }
        final InterfaceCheck check = new InterfaceCheck(attachment);
        check.result(call.config().previous());
        check.kernel();
        return true;
    }

    /** Deletes all attachments of the network that the runtime does not count as valid. */
    private void collect(NetworkConfig config) throws CniException {
        final Set<String> valid = config.validAttachments();
        if (valid == null) {
            throw new CniException(
                    CniException.INVALID_CONFIG, "GC needs the list of cni.dev/valid-attachments, be it empty");
        }
        final List<String> failures = new ArrayList<>();
        for (final CniAttachment each : book.all()) {
            if (each.network().equals(config.name()) && !valid.contains(each.id())) {
                try {
                    locked(each.id(), () -> delete(each.id()));
                } catch (final CniException e) {
                    failures.add(each.id() + ": " + e.getMessage());
                }
            }
        }
        if (!failures.isEmpty()) {
            throw new CniException(CniException.TRY_AGAIN, "some attachments remain", String.join("; ", failures));
        }
    }

    private void status(LocalNode current) throws CniException {
        if (current.podRanges().isEmpty()) {
            throw new CniException(
                    CniException.UNAVAILABLE,
                    "this node has no range for pods; see podCidrs and the Node's spec.podCIDRs");
        }
        if (!book.hasRoom()) {
            throw new CniException(CniException.UNAVAILABLE, "all addresses of " + current.podRanges() + " are in use");
        }
    }

    /**
     * Finds attachments whose network namespace is gone, and gives their addresses back: the runtime was killed, or forgot its
     * DEL. One must be found gone twice in a row; call it now and then, by one thread.
     */
    public void sweep() {
        final Set<String> gone = new HashSet<>();
        for (final CniAttachment each : book.all()) {
            if (each.isAlive()) {
                continue;
            }
            if (!missing.contains(each.id())) {
                gone.add(each.id());
                continue;
            }
            try {
                locked(each.id(), () -> {
                    if (book.find(each.id()).filter(each::equals).isPresent()) {
                        LOGGER.warn("{} is gone without a DEL: {} are free again", each.pod(), each.addresses());
                        return delete(each.id());
                    }
                    return false;
                });
            } catch (final CniException e) {
                LOGGER.warn("{} could not be given back: {}", each.addresses(), e.getMessage());
            }
        }
        missing.clear();
        missing.addAll(gone);
    }

    private void save() throws CniException {
        try {
            book.save();
        } catch (final IOException e) {
            throw new CniException(CniException.IO_FAILURE, "attachments could not be written: " + e);
        }
    }

    private static void await(CompletableFuture<Void> done) throws CniException {
        try {
            done.get(ATTACH_PATIENCE_S, TimeUnit.SECONDS);
        } catch (final ExecutionException e) {
            final Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new CniException(CniException.TRY_AGAIN, String.valueOf(cause.getMessage()));
        } catch (final TimeoutException e) {
            throw new CniException(CniException.TRY_AGAIN, "weir did not do it within " + ATTACH_PATIENCE_S + " s");
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CniException(CniException.TRY_AGAIN, "weir is ending");
        }
    }
}
