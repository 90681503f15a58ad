package io.weir.agent.flannel;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.etcd.jetcd.Watch;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchResponse;
import io.weir.agent.flannel.EtcdSubnets.Entry;
import io.weir.dataplane.wire.IpPrefix;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Subnets by etcd v3, as flanneld keeps them there. One thread owns all state; etcd's callbacks only hand work to it.
 *
 * <p>When etcd is away the leases last heard of stay in force, and the calls are tried again until it is back. A watch that
 * has missed too much (compaction) starts anew with a full list. The own etcd lease is renewed before it runs out; one that
 * is gone is taken again if nobody else has it.
 */
public final class EtcdSubnetRegistry implements SubnetRegistry {
    private static final Logger LOG = LoggerFactory.getLogger(EtcdSubnetRegistry.class);
    private static final int ACQUIRE_ATTEMPTS = 10;
    private static final Duration FIRST_RETRY = Duration.ofMillis(200);
    private static final Duration LAST_RETRY = Duration.ofSeconds(10);

    private final EtcdSettings settings;
    private final @Nullable SubnetEnv previous;
    private final RandomGenerator random;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("weir-flannel-etcd").daemon().factory());
    private final EtcdSubnets etcd;

    private @Nullable Listener listener;
    private @Nullable SubnetLease own;
    private long ownLeaseId = EtcdSubnets.NO_LEASE;
    private boolean reservation;
    private Leases leases = Leases.NONE;
    private Watch.@Nullable Watcher watcher;
    private Duration retry = FIRST_RETRY;
    private boolean away;
    private boolean relisting;
    private @Nullable String takenMessage;

    /**
     * @param previous what an earlier run wrote to subnet.env, or null: its subnet is preferred
     * @param random   chooses among free subnets
     */
    public EtcdSubnetRegistry(EtcdSettings settings, @Nullable SubnetEnv previous, RandomGenerator random) {
        this.settings = settings;
        this.previous = previous;
        this.random = random;
        etcd = new EtcdSubnets(settings);
    }

    /** The network configuration as it is in etcd now. */
    public NetConf netConf() {
        return Objects.requireNonNull(onThread(etcd::netConf));
    }

    /** What etcd holds already about the node with these addresses, or null: the VTEP MAC to keep is in there. */
    public @Nullable LeaseAttributes published(LeaseAttributes identity) {
        return onThread(() -> etcd.list(LOG::warn).entries().stream()
                .map(entry -> entry.lease().attributes())
                .filter(attributes -> attributes.isFrom(identity))
                .findFirst()
                .orElse(null));
    }

    @Override
    public SubnetLease acquire(LeaseAttributes attributes) {
        return Objects.requireNonNull(onThread(() -> {
            for (int i = 0; i < ACQUIRE_ATTEMPTS; i++) {
                final SubnetLease lease = tryAcquire(etcd.netConf(), attributes);
                if (lease != null) {
                    own = lease;
                    scheduleRenewal(settings.leaseTtl().minus(settings.renewMargin()));
                    return lease;
                }
            }
            throw new FlannelException(
                    "other nodes were faster " + ACQUIRE_ATTEMPTS + " times while taking a subnet; try again");
        }));
    }

    /** One attempt; null when another node interfered. */
    private @Nullable SubnetLease tryAcquire(NetConf conf, LeaseAttributes attributes) {
        final SubnetRange range = conf.subnets();
        final SubnetRange ipv6Range = conf.ipv6Subnets();
        if (range == null) {
            throw new FlannelException("flannel's keys in etcd begin with an IPv4 subnet; EnableIPv4 must be true");
        }
        final List<Entry> entries = etcd.list(LOG::warn).entries();
        for (final Entry entry : entries) {
            if (entry.lease().attributes().isFrom(attributes)) {
                if (isAllowed(entry.lease().subnet(), range)
                        && isAllowed(entry.lease().ipv6Subnet(), ipv6Range)) {
                    return reuse(entry, attributes);
                }
                LOG.info(
                        "flannel: own lease {} does not fit the network any more, giving it back",
                        entry.lease().key());
                etcd.delete(entry.lease().key(), entry.revision());
                return null;
            }
        }
        final List<SubnetLease> taken = entries.stream().map(Entry::lease).toList();
        SubnetLease lease = previousLease(range, ipv6Range, taken, attributes);
        if (lease == null) {
            lease = new SubnetLease(
                    SubnetChoice.pick(range, taken, random),
                    ipv6Range == null ? null : SubnetChoice.pick(ipv6Range, taken, random),
                    attributes);
        }
        ownLeaseId = etcd.create(lease);
        reservation = false;
        if (ownLeaseId == EtcdSubnets.NO_LEASE) {
            return null;
        }
        LOG.info("flannel: took subnet {}", lease.key());
        return lease;
    }

    private static boolean isAllowed(@Nullable IpPrefix subnet, @Nullable SubnetRange range) {
        return range == null ? subnet == null : subnet != null && range.allows(subnet);
    }

    private @Nullable SubnetLease reuse(Entry entry, LeaseAttributes attributes) {
        final SubnetLease lease =
                new SubnetLease(entry.lease().subnet(), entry.lease().ipv6Subnet(), attributes);
        reservation = entry.leaseId() == EtcdSubnets.NO_LEASE;
        if (reservation) {
            ownLeaseId = EtcdSubnets.NO_LEASE;
            return etcd.updateReservation(lease, entry.revision()) ? lease : null;
        }
        ownLeaseId = etcd.renewAs(lease, entry.revision());
        if (ownLeaseId == EtcdSubnets.NO_LEASE) {
            return null;
        }
        LOG.info("flannel: keeping subnet {}", lease.key());
        return lease;
    }

    private @Nullable SubnetLease previousLease(
            SubnetRange range, @Nullable SubnetRange ipv6Range, List<SubnetLease> taken, LeaseAttributes attributes) {
        if (previous == null || previous.subnet() == null) {
            return null;
        }
        final IpPrefix subnet = previous.subnet();
        final IpPrefix ipv6Subnet = previous.ipv6Subnet();
        if (!isAllowed(subnet, range) || !isAllowed(ipv6Subnet, ipv6Range)) {
            LOG.warn("flannel: the subnet {} of an earlier run does not fit the network any more", subnet);
            return null;
        }
        final boolean free = taken.stream()
                .noneMatch(lease -> lease.overlaps(subnet) || (ipv6Subnet != null && lease.overlaps(ipv6Subnet)));
        return free ? new SubnetLease(subnet, ipv6Subnet, attributes) : null;
    }

    @Override
    public void watch(Listener toTell) {
        onThread(() -> {
            listener = toTell;
            relist();
            return null;
        });
    }

    // ---- on the registry's thread -----------------------------------------------------------------------------------

    /** Reads all leases and watches from there. */
    private void relist() {
        relisting = false;
        closeWatcher();
        try {
            final EtcdSubnets.Listing listing = etcd.list(LOG::warn);
            watcher = etcd.watch(
                    listing.revision() + 1,
                    Watch.listener(
                            response -> post(() -> onEvents(response)), error -> post(() -> onWatchError(error))));
            reached();
            publish(Leases.of(listing.entries().stream().map(Entry::lease).toList()));
        } catch (final FlannelException e) {
            unreachable(e.getMessage());
            relistLater();
        }
    }

    private void onEvents(WatchResponse response) {
        reached();
        Leases next = leases;
        for (final WatchEvent event : response.getEvents()) {
            final String key = event.getKeyValue().getKey().toString(UTF_8);
            final String subnetKey = key.substring(key.lastIndexOf('/') + 1);
            if (event.getEventType() == WatchEvent.EventType.DELETE) {
                next = next.without(subnetKey);
            } else if (event.getEventType() == WatchEvent.EventType.PUT) {
                final Entry entry = EtcdSubnets.parse(event.getKeyValue(), LOG::warn);
                next = entry == null ? next.without(subnetKey) : next.with(entry.lease());
            }
        }
        publish(next);
    }

    private void onWatchError(Throwable error) {
        // compaction, no leader, or a server that is gone: in each case a full list says where we are
        LOG.info("flannel: watching etcd stopped ({}), reading all leases again", error.getMessage());
        relistLater();
    }

    private void relistLater() {
        if (!relisting) {
            relisting = true;
            later(this::relist, retry);
            retry = retry.multipliedBy(2).compareTo(LAST_RETRY) > 0 ? LAST_RETRY : retry.multipliedBy(2);
        }
    }

    private void publish(Leases next) {
        final Listener toTell = listener;
        if (toTell == null) {
            return;
        }
        if (!next.equals(leases)) {
            leases = next;
            toTell.onLeases(next);
        }
        checkOwn();
    }

    /** The own lease must be there, and nobody else in its range. */
    private void checkOwn() {
        final SubnetLease mine = own;
        if (mine == null) {
            return;
        }
        final String conflict = OwnLease.conflict(mine, leases);
        if (conflict != null) {
            report(conflict);
        } else if (!leases.byKey().containsKey(mine.key())) {
            later(this::reclaim, Duration.ZERO);
        } else {
            takenMessage = null;
        }
    }

    private void report(String message) {
        if (message.equals(takenMessage)) {
            return;
        }
        takenMessage = message;
        LOG.error("flannel: {}", message);
        final Listener toTell = listener;
        if (toTell != null) {
            toTell.onOwnLeaseTaken(message);
        }
    }

    /** The own key is gone from etcd: put it back, unless another node has it. */
    private void reclaim() {
        final SubnetLease mine = own;
        if (mine == null) {
            return;
        }
        try {
            final long leaseId = etcd.create(mine);
            if (leaseId != EtcdSubnets.NO_LEASE) {
                LOG.warn("flannel: the own lease {} was gone from etcd, took it again", mine.key());
                ownLeaseId = leaseId;
                reservation = false;
                takenMessage = null;
                return;
            }
            final Entry entry = etcd.find(mine.key(), LOG::warn);
            if (entry == null) {
                later(this::reclaim, retry);
            } else if (entry.lease().attributes().isFrom(mine.attributes())) {
                ownLeaseId = entry.leaseId();
            } else {
                report(OwnLease.takenBy(mine, entry.lease()));
            }
        } catch (final FlannelException e) {
            unreachable(e.getMessage());
            later(this::reclaim, LAST_RETRY);
        }
    }

    private void scheduleRenewal(Duration delay) {
        later(this::renew, delay);
    }

    private void renew() {
        if (own == null || reservation || ownLeaseId == EtcdSubnets.NO_LEASE) {
            return;
        }
        Duration next = settings.leaseTtl().minus(settings.renewMargin());
        try {
            if (!etcd.keepAlive(ownLeaseId)) {
                reclaim();
            }
            reached();
        } catch (final FlannelException e) {
            unreachable(e.getMessage());
            // often enough to fit several times into the margin
            next = settings.renewMargin().dividedBy(20).plus(FIRST_RETRY);
        }
        scheduleRenewal(next);
    }

    private void reached() {
        retry = FIRST_RETRY;
        if (away) {
            away = false;
            LOG.info("flannel: etcd is back");
        }
    }

    private void unreachable(@Nullable String message) {
        if (!away) {
            away = true;
            LOG.warn(
                    "flannel: {}; forwarding goes on with {} leases",
                    message,
                    leases.byKey().size());
        }
    }

    // ---- the thread -------------------------------------------------------------------------------------------------

    private <T> @Nullable T onThread(java.util.concurrent.Callable<@Nullable T> work) {
        try {
            return thread.submit(work).get();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new FlannelException("interrupted while talking to etcd", e);
        } catch (final ExecutionException e) {
            if (e.getCause() instanceof final FlannelException known) {
                throw known;
            }
            throw new FlannelException("talking to etcd failed: " + e.getCause(), e);
        }
    }

    private void post(Runnable work) {
        later(work, Duration.ZERO);
    }

    private void later(Runnable work, Duration delay) {
        try {
            final Future<?> ignored = thread.schedule(
                    () -> {
                        try {
                            work.run();
                        } catch (final RuntimeException e) {
                            // the thread must live on: without it no lease would be renewed
                            LOG.error("flannel: unexpected, reading all leases again", e);
                            relistLater();
                        }
                    },
                    delay.toMillis(),
                    TimeUnit.MILLISECONDS);
        } catch (final RejectedExecutionException e) {
            LOG.debug("flannel: closed, an event of etcd is ignored");
        }
    }

    private void closeWatcher() {
        final Watch.Watcher old = watcher;
        watcher = null;
        if (old != null) {
            old.close();
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
        try {
            if (!thread.awaitTermination(settings.timeout().toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("flannel: a call to etcd does not end");
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        closeWatcher();
        etcd.close();
    }
}
