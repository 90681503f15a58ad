package io.weir.agent.flannel;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.ClientBuilder;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.LeaseOption;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.options.WatchOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Flannel's keys in etcd, read and written one call at a time. Each call waits at most the configured timeout and throws
 * {@link FlannelException} when etcd does not answer.
 *
 * <pre>
 *  PREFIX/config                    net-conf JSON
 *  PREFIX/subnets/10.5.52.0-24      lease JSON, bound to an etcd lease; without one it is a reservation
 * </pre>
 */
final class EtcdSubnets implements AutoCloseable {
    /** No etcd lease: the key is a reservation. */
    static final long NO_LEASE = 0;

    private final EtcdSettings settings;
    private final Client client;

    /**
     * A key under {@code subnets}.
     *
     * @param revision of its last change
     * @param leaseId  etcd's lease, or {@link #NO_LEASE}
     */
    record Entry(SubnetLease lease, long revision, long leaseId) {}

    /**
     * All leases.
     *
     * @param revision of the whole store; watching goes on behind it
     */
    record Listing(List<Entry> entries, long revision) {}

    EtcdSubnets(EtcdSettings settings) {
        this.settings = settings;
        final ClientBuilder builder = Client.builder()
                .endpoints(settings.endpoints())
                .connectTimeout(settings.timeout())
                .keepaliveTime(settings.timeout().multipliedBy(2))
                .keepaliveTimeout(settings.timeout())
                .retryMaxDuration(settings.timeout());
        if (settings.username() != null && settings.password() != null) {
            builder.user(bytes(settings.username())).password(bytes(settings.password()));
        }
        if (settings.caFile() != null || settings.certFile() != null) {
            configureTls(builder, settings.caFile(), settings.certFile(), settings.keyFile());
        }
        client = builder.build();
    }

    private static void configureTls(
            ClientBuilder builder, @Nullable Path caFile, @Nullable Path certFile, @Nullable Path keyFile) {
        try {
            builder.sslContext(context -> {
                if (caFile != null) {
                    context.trustManager(caFile.toFile());
                }
                if (certFile != null && keyFile != null) {
                    context.keyManager(certFile.toFile(), keyFile.toFile());
                }
            });
        } catch (final SSLException | IllegalArgumentException e) {
            throw new FlannelException("etcd: the certificates cannot be used: " + e.getMessage(), e);
        }
    }

    static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    private ByteSequence key(String subnetKey) {
        return bytes(settings.prefix() + "/subnets/" + subnetKey);
    }

    /** Waits for an answer. */
    private <T> T await(CompletableFuture<T> answer, String what) {
        try {
            return answer.get(settings.timeout().toMillis(), TimeUnit.MILLISECONDS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new FlannelException("etcd: interrupted while " + what, e);
        } catch (final TimeoutException e) {
            answer.cancel(true);
            throw new FlannelException(
                    "etcd at " + settings.endpoints() + " did not answer within "
                            + settings.timeout().toMillis() + " ms while " + what,
                    e);
        } catch (final ExecutionException e) {
            throw new FlannelException("etcd: " + what + " failed: " + e.getCause(), e);
        }
    }

    /**
     * The network configuration.
     *
     * @throws FlannelException also when there is none, or it is wrong
     */
    NetConf netConf() {
        final GetResponse response =
                await(client.getKVClient().get(bytes(settings.prefix() + "/config")), "reading the configuration");
        if (response.getKvs().isEmpty()) {
            throw new FlannelException("etcd has no key " + settings.prefix()
                    + "/config; put flannel's network configuration there by the v3 API");
        }
        return NetConf.parse(response.getKvs().getFirst().getValue().toString(UTF_8));
    }

    /** All leases; what is none is told to {@code warn} and left out. */
    Listing list(Consumer<String> warn) {
        final GetResponse response = await(
                client.getKVClient()
                        .get(key(""), GetOption.builder().isPrefix(true).build()),
                "listing the leases");
        final List<Entry> entries = new ArrayList<>();
        for (final KeyValue pair : response.getKvs()) {
            final Entry entry = parse(pair, warn);
            if (entry != null) {
                entries.add(entry);
            }
        }
        return new Listing(entries, response.getHeader().getRevision());
    }

    static @Nullable Entry parse(KeyValue pair, Consumer<String> warn) {
        try {
            final SubnetLease lease = SubnetLease.parse(
                    pair.getKey().toString(UTF_8), pair.getValue().toString(UTF_8));
            return new Entry(lease, pair.getModRevision(), pair.getLease());
        } catch (final FlannelException e) {
            warn.accept("ignored: " + e.getMessage());
            return null;
        }
    }

    /** One lease, or null. */
    @Nullable
    Entry find(String subnetKey, Consumer<String> warn) {
        final GetResponse response = await(client.getKVClient().get(key(subnetKey)), "reading the own lease");
        return response.getKvs().isEmpty() ? null : parse(response.getKvs().getFirst(), warn);
    }

    /**
     * Takes a free subnet.
     *
     * @return the etcd lease, or {@link #NO_LEASE} when another node was faster
     */
    long create(SubnetLease lease) {
        return putIf(lease, new Cmp(key(lease.key()), Cmp.Op.EQUAL, CmpTarget.version(0)));
    }

    /**
     * Rewrites a lease that nobody has changed since it was read, with a new time to live.
     *
     * @return the etcd lease, or {@link #NO_LEASE} when somebody has
     */
    long renewAs(SubnetLease lease, long revision) {
        return putIf(lease, new Cmp(key(lease.key()), Cmp.Op.EQUAL, CmpTarget.modRevision(revision)));
    }

    private long putIf(SubnetLease lease, Cmp condition) {
        final long leaseId = await(
                        client.getLeaseClient().grant(settings.leaseTtl().toSeconds()), "asking for a lease")
                .getID();
        boolean done = false;
        try {
            done = transact(
                    lease, condition, PutOption.builder().withLeaseId(leaseId).build());
        } finally {
            if (!done) {
                revoke(leaseId);
            }
        }
        return done ? leaseId : NO_LEASE;
    }

    /** Rewrites a reservation, which has no time to live; false when somebody has changed it. */
    boolean updateReservation(SubnetLease lease, long revision) {
        return transact(
                lease, new Cmp(key(lease.key()), Cmp.Op.EQUAL, CmpTarget.modRevision(revision)), PutOption.DEFAULT);
    }

    private boolean transact(SubnetLease lease, Cmp condition, PutOption option) {
        final TxnResponse response = await(
                client.getKVClient()
                        .txn()
                        .If(condition)
                        .Then(Op.put(key(lease.key()), bytes(lease.attributes().toJson()), option))
                        .commit(),
                "writing the own lease");
        return response.isSucceeded();
    }

    private void revoke(long leaseId) {
        // a lease that stays behind does no harm: no key is bound to it, and it runs out by itself
        final CompletableFuture<?> ignored = client.getLeaseClient().revoke(leaseId);
    }

    /** Removes a lease that nobody has changed since it was read. */
    void delete(String subnetKey, long revision) {
        await(
                client.getKVClient()
                        .txn()
                        .If(new Cmp(key(subnetKey), Cmp.Op.EQUAL, CmpTarget.modRevision(revision)))
                        .Then(Op.delete(key(subnetKey), DeleteOption.DEFAULT))
                        .commit(),
                "deleting an outdated lease");
    }

    /** Renews an etcd lease; false when etcd does not know it any more. */
    boolean keepAlive(long leaseId) {
        // the remaining time tells an unknown lease, which the keep-alive call reports in several ways
        final long left = await(
                        client.getLeaseClient().timeToLive(leaseId, LeaseOption.DEFAULT), "asking for the lease's time")
                .getTTL();
        if (left <= 0) {
            return false;
        }
        await(client.getLeaseClient().keepAliveOnce(leaseId), "renewing the lease");
        return true;
    }

    /** Watches all leases from a revision on. */
    Watch.Watcher watch(long revision, Watch.Listener listener) {
        return client.getWatchClient()
                .watch(
                        key(""),
                        WatchOption.builder()
                                .isPrefix(true)
                                .withRevision(revision)
                                .withRequireLeader(true)
                                .build(),
                        listener);
    }

    @Override
    public void close() {
        client.close();
    }
}
