package io.weir.agent.flannel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against a real etcd server. */
@Timeout(60)
class EtcdSubnetRegistryTest {
    private static final String CONFIG =
            "{\"Network\":\"10.5.0.0/16\",\"SubnetLen\":24,\"Backend\":{\"Type\":\"vxlan\",\"VNI\":1}}";

    @TempDir
    Path folder;

    private EtcdServer server;
    private final List<EtcdSubnetRegistry> open = new ArrayList<>();

    /** What a registry told. */
    private static final class Heard implements SubnetRegistry.Listener {
        final List<Leases> leases = new CopyOnWriteArrayList<>();
        final List<String> taken = new CopyOnWriteArrayList<>();

        @Override
        public void onLeases(Leases now) {
            leases.add(now);
        }

        @Override
        public void onOwnLeaseTaken(String message) {
            taken.add(message);
        }

        Set<String> lastKeys() {
            return leases.isEmpty() ? Set.of() : leases.getLast().byKey().keySet();
        }
    }

    @BeforeEach
    void startEtcd() throws Exception {
        server = EtcdServer.start(folder);
        server.config(CONFIG);
    }

    @AfterEach
    void stopEverything() throws Exception {
        for (final EtcdSubnetRegistry registry : open) {
            registry.close();
        }
        if (server != null) {
            server.close();
        }
    }

    private EtcdSubnetRegistry registry(@Nullable SubnetEnv previous, Duration ttl, Duration margin) {
        final EtcdSettings settings =
                EtcdSettings.of(List.of(server.endpoint())).withTimes(ttl, margin, Duration.ofSeconds(2));
        final EtcdSubnetRegistry registry = new EtcdSubnetRegistry(settings, previous, new Random(7));
        open.add(registry);
        return registry;
    }

    private EtcdSubnetRegistry registry() {
        return registry(null, Duration.ofHours(24), Duration.ofHours(1));
    }

    private static LeaseAttributes node(int number) {
        return new LeaseAttributes(
                IpAddress.parse("192.168.64." + number),
                null,
                "vxlan",
                "{\"VNI\":1,\"VtepMAC\":\"c6:bf:7f:00:00:" + String.format("%02x", number) + "\"}",
                null);
    }

    private static void eventually(Callable<Boolean> condition) throws Exception {
        for (int i = 0; i < 400; i++) {
            if (condition.call()) {
                return;
            }
            Thread.sleep(50);
        }
        throw new AssertionError("did not happen within 20 s");
    }

    @Test
    void aLeaseIsWrittenByteForByteAsFlanneldWritesIt() throws Exception {
        final SubnetLease lease = registry().acquire(node(3));
        assertThat(lease.key()).matches("10\\.5\\.\\d+\\.0-24");
        assertThat(server.subnets())
                .containsExactly(lease.key()
                        + "={\"PublicIP\":\"192.168.64.3\",\"PublicIPv6\":null,\"BackendType\":\"vxlan\","
                        + "\"BackendData\":{\"VNI\":1,\"VtepMAC\":\"c6:bf:7f:00:00:03\"}}");
        assertThat(server.leaseOf("subnets/" + lease.key())).isNotZero();
    }

    @Test
    void aDualStackLeaseHasBothSubnetsInItsKey() throws Exception {
        server.config("{\"Network\":\"10.5.0.0/16\",\"EnableIPv6\":true,\"IPv6Network\":\"fd00:5::/48\","
                + "\"IPv6SubnetMin\":\"fd00:5:0:1::\",\"IPv6SubnetMax\":\"fd00:5:0:1::\","
                + "\"SubnetMin\":\"10.5.52.0\",\"SubnetMax\":\"10.5.52.0\",\"Backend\":{\"Type\":\"vxlan\"}}");
        final SubnetLease lease = registry()
                .acquire(new LeaseAttributes(
                        IpAddress.parse("192.168.64.3"), IpAddress.parse("fd01::3"), "vxlan", "{}", "{}"));
        assertThat(lease.key()).isEqualTo("10.5.52.0-24&fd00:5:0:1::-64");
        assertThat(server.subnets())
                .containsExactly("10.5.52.0-24&fd00:5:0:1::-64={\"PublicIP\":\"192.168.64.3\","
                        + "\"PublicIPv6\":\"fd01::3\",\"BackendType\":\"vxlan\",\"BackendData\":{},"
                        + "\"BackendV6Data\":{}}");
    }

    @Test
    void aRestartedNodeFindsItsSubnetByItsAddress() throws Exception {
        final EtcdSubnetRegistry first = registry();
        final SubnetLease lease = first.acquire(node(3));
        first.close();
        final EtcdSubnetRegistry second = registry();
        assertThat(second.published(node(3))).isEqualTo(node(3));
        assertThat(second.acquire(node(3))).isEqualTo(lease);
        assertThat(server.subnets()).hasSize(1);
    }

    @Test
    void aNodeWithANewAddressFindsItsSubnetBySubnetEnv() throws Exception {
        final SubnetEnv previous =
                new SubnetEnv(IpPrefix.parse("10.5.0.0/16"), IpPrefix.parse("10.5.77.0/24"), null, null, 1450, true);
        assertThat(registry(previous, Duration.ofHours(24), Duration.ofHours(1))
                        .acquire(node(3))
                        .key())
                .isEqualTo("10.5.77.0-24");
        assertThat(registry(previous, Duration.ofHours(24), Duration.ofHours(1))
                        .acquire(node(4))
                        .key())
                .as("taken by the first")
                .isNotEqualTo("10.5.77.0-24");
    }

    @Test
    void anOldSubnetOutsideOfANewNetworkIsGivenBack() throws Exception {
        final SubnetLease before = registry().acquire(node(3));
        server.config("{\"Network\":\"10.6.0.0/16\",\"Backend\":{\"Type\":\"vxlan\"}}");
        final SubnetLease after = registry().acquire(node(3));
        assertThat(after.key()).startsWith("10.6.");
        assertThat(server.subnets()).hasSize(1).noneMatch(line -> line.startsWith(before.key()));
    }

    @Test
    void aReservationIsUsedAndStaysOne() throws Exception {
        server.put("subnets/10.5.9.0-24", "{\"PublicIP\":\"192.168.64.3\",\"PublicIPv6\":null}");
        assertThat(registry().acquire(node(3)).key()).isEqualTo("10.5.9.0-24");
        assertThat(server.leaseOf("subnets/10.5.9.0-24")).isZero();
        assertThat(server.subnets()).containsExactly("10.5.9.0-24=" + node(3).toJson());
    }

    @Test
    void manyNodesAtOnceGetDifferentSubnets() throws Exception {
        server.config("{\"Network\":\"10.5.0.0/20\",\"SubnetLen\":24,\"Backend\":{\"Type\":\"vxlan\"}}");
        final List<EtcdSubnetRegistry> registries = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            registries.add(registry());
        }
        final Set<String> keys = new HashSet<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(6)) {
            final List<Future<SubnetLease>> leases = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                final int number = i + 1;
                final EtcdSubnetRegistry registry = registries.get(i);
                leases.add(threads.submit(() -> registry.acquire(node(number))));
            }
            for (final Future<SubnetLease> lease : leases) {
                keys.add(lease.get().key());
            }
        }
        assertThat(keys).as("all with the same random seed, so they clash").hasSize(6);
        assertThat(server.subnets()).hasSize(6);
    }

    @Test
    void aFullNetworkIsSaidToBeFull() throws Exception {
        server.config("{\"Network\":\"10.5.0.0/22\",\"SubnetLen\":24,\"Backend\":{\"Type\":\"vxlan\"}}");
        for (int i = 1; i <= 3; i++) {
            registry().acquire(node(i));
        }
        assertThatThrownBy(() -> registry().acquire(node(4)))
                .isInstanceOf(FlannelException.class)
                .hasMessageContaining("no /24 between 10.5.1.0 and 10.5.3.0 is free");
    }

    @Test
    void leasesOfOthersComeAndGo() throws Exception {
        server.putLeased("subnets/10.5.34.0-24", node(9).toJson(), 3600);
        final EtcdSubnetRegistry registry = registry();
        final SubnetLease own = registry.acquire(node(3));
        final Heard heard = new Heard();
        registry.watch(heard);
        assertThat(heard.lastKeys()).containsExactlyInAnyOrder(own.key(), "10.5.34.0-24");

        final long lease = server.putLeased("subnets/10.5.35.0-24", node(10).toJson(), 3600);
        eventually(() -> heard.lastKeys().contains("10.5.35.0-24"));
        assertThat(heard.leases.getLast().byKey())
                .containsEntry("10.5.35.0-24", new SubnetLease(IpPrefix.parse("10.5.35.0/24"), null, node(10)));

        server.put("subnets/10.5.36.0-24", "this is no JSON");
        server.put("subnets/readme", "neither a key");
        server.revoke(lease);
        eventually(() -> !heard.lastKeys().contains("10.5.35.0-24"));
        assertThat(heard.lastKeys()).containsExactlyInAnyOrder(own.key(), "10.5.34.0-24");
        assertThat(heard.taken).isEmpty();
    }

    @Test
    void changesDuringAnOutageAndACompactionAreCaughtUpWith() throws Exception {
        server.putLeased("subnets/10.5.34.0-24", node(9).toJson(), 3600);
        final EtcdSubnetRegistry registry = registry();
        final SubnetLease own = registry.acquire(node(3));
        final Heard heard = new Heard();
        registry.watch(heard);
        server.stop();
        Thread.sleep(1500);
        assertThat(heard.lastKeys()).as("nothing is torn down").containsExactlyInAnyOrder(own.key(), "10.5.34.0-24");
        server.begin();
        server.delete("subnets/10.5.34.0-24");
        server.putLeased("subnets/10.5.35.0-24", node(10).toJson(), 3600);
        server.compact();
        eventually(() -> heard.lastKeys().equals(Set.of(own.key(), "10.5.35.0-24")));
        server.putLeased("subnets/10.5.36.0-24", node(11).toJson(), 3600);
        eventually(() -> heard.lastKeys().contains("10.5.36.0-24"));
        assertThat(heard.taken).isEmpty();
    }

    @Test
    void theOwnLeaseIsRenewedAlsoAcrossAnOutage() throws Exception {
        final EtcdSubnetRegistry registry = registry(null, Duration.ofSeconds(4), Duration.ofSeconds(3));
        final SubnetLease own = registry.acquire(node(3));
        registry.watch(new Heard());
        Thread.sleep(1500);
        server.stop();
        Thread.sleep(1000);
        server.begin();
        Thread.sleep(5000);
        assertThat(server.subnets())
                .as("older than its time to live")
                .containsExactly(own.key() + "=" + node(3).toJson());
    }

    @Test
    void anOwnLeaseThatIsDeletedIsTakenAgain() throws Exception {
        final EtcdSubnetRegistry registry = registry();
        final SubnetLease own = registry.acquire(node(3));
        final Heard heard = new Heard();
        registry.watch(heard);
        server.delete("subnets/" + own.key());
        eventually(() -> server.subnets().equals(List.of(own.key() + "=" + node(3).toJson())));
        assertThat(server.leaseOf("subnets/" + own.key())).isNotZero();
        assertThat(heard.taken).isEmpty();
    }

    @Test
    void anOwnLeaseThatAnotherNodeTookIsALoudError() throws Exception {
        final EtcdSubnetRegistry registry = registry();
        final SubnetLease own = registry.acquire(node(3));
        final Heard heard = new Heard();
        registry.watch(heard);
        server.putLeased("subnets/" + own.key(), node(9).toJson(), 3600);
        eventually(() -> !heard.taken.isEmpty());
        assertThat(heard.taken).hasSize(1);
        assertThat(heard.taken.getFirst()).contains(own.key(), "taken by the node 192.168.64.9", "drain this node");
        assertThat(server.subnets()).as("not taken back").containsExactly(own.key() + "=" + node(9).toJson());
    }

    @Test
    void aServerThatIsNotThereIsSaidSo() {
        final EtcdSubnetRegistry registry = new EtcdSubnetRegistry(
                EtcdSettings.of(List.of(URI.create("http://127.0.0.1:1")))
                        .withTimes(Duration.ofHours(24), Duration.ofHours(1), Duration.ofMillis(500)),
                null,
                new Random(1));
        open.add(registry);
        assertThatThrownBy(() -> registry.acquire(node(3)))
                .isInstanceOf(FlannelException.class)
                .hasMessageContaining("etcd");
    }

    @Test
    void aMissingConfigurationIsExplained() throws Exception {
        server.delete("config");
        assertThatThrownBy(() -> registry().acquire(node(3)))
                .hasMessageContaining("etcd has no key /coreos.com/network/config");
    }
}
