package io.weir.agent.flannel;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the etcd registry is reached and how long its leases last.
 *
 * @param endpoints   client addresses of the etcd servers
 * @param prefix      where flannel's keys begin: {@code /coreos.com/network}
 * @param caFile      certificates of who signs the servers' certificates, or null
 * @param certFile    this node's certificate, or null
 * @param keyFile     its private key (PKCS#8), or null
 * @param username    for etcd's own authentication, or null
 * @param password    for etcd's own authentication, or null
 * @param leaseTtl    how long a subnet stays reserved without renewal; flannel: 24 hours
 * @param renewMargin renew when less than this is left; flannel: 60 minutes
 * @param timeout     how long one answer may take
 */
public record EtcdSettings(
        List<URI> endpoints,
        String prefix,
        @Nullable Path caFile,
        @Nullable Path certFile,
        @Nullable Path keyFile,
        @Nullable String username,
        @Nullable String password,
        Duration leaseTtl,
        Duration renewMargin,
        Duration timeout) {
    public static final String DEFAULT_PREFIX = "/coreos.com/network";
    public static final Duration FLANNEL_LEASE_TTL = Duration.ofHours(24);
    public static final Duration FLANNEL_RENEW_MARGIN = Duration.ofMinutes(60);

    public EtcdSettings {
        endpoints = List.copyOf(endpoints);
        if (endpoints.isEmpty()) {
            throw new FlannelException("no etcd endpoints; write at least one: http://127.0.0.1:2379");
        }
        if ((certFile == null) != (keyFile == null)) {
            throw new FlannelException("an etcd client certificate needs its key, and a key its certificate");
        }
        if ((username == null) != (password == null)) {
            throw new FlannelException("an etcd user name needs a password, and a password a user name");
        }
        if (renewMargin.compareTo(leaseTtl) >= 0) {
            throw new FlannelException("renewal " + renewMargin + " before the end of a lease of " + leaseTtl);
        }
    }

    /** Flannel's defaults, without TLS and authentication. */
    public static EtcdSettings of(List<URI> endpoints) {
        return new EtcdSettings(
                endpoints,
                DEFAULT_PREFIX,
                null,
                null,
                null,
                null,
                null,
                FLANNEL_LEASE_TTL,
                FLANNEL_RENEW_MARGIN,
                Duration.ofSeconds(5));
    }

    /** The same with other times. */
    public EtcdSettings withTimes(Duration ttl, Duration margin, Duration answer) {
        return new EtcdSettings(endpoints, prefix, caFile, certFile, keyFile, username, password, ttl, margin, answer);
    }
}
