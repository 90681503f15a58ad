package io.weir.agent.flannel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The bytes that flannel and weir exchange. The texts are those of flannel's documentation and source (field-facts G). */
class FlannelFormatsTest {
    @Test
    void backendDataIsFlannelsByteForByte() {
        final VtepData data = new VtepData(1, MacAddress.parse("aa:bb:cc:dd:ee:ff"));
        assertThat(data.toJson()).isEqualTo("{\"VNI\":1,\"VtepMAC\":\"aa:bb:cc:dd:ee:ff\"}");
        assertThat(VtepData.parse(data.toJson())).isEqualTo(data);
        assertThat(VtepData.parse("{\"VtepMAC\":\"aa:bb:cc:dd:ee:ff\"}").vni())
                .as("flannel before v0.12 wrote no VNI")
                .isZero();
        assertThatThrownBy(() -> VtepData.parse("{\"VNI\":1}")).hasMessageContaining("no VtepMAC");
        assertThatThrownBy(() -> VtepData.parse("{\"VtepMAC\":\"aa:bb\"}")).hasMessageContaining("aa:bb");
        assertThatThrownBy(() -> VtepData.parse("null")).isInstanceOf(FlannelException.class);
    }

    @Test
    void leasesAreFlannelsByteForByte() {
        final String written = "{\"PublicIP\":\"192.168.64.3\",\"PublicIPv6\":null,\"BackendType\":\"vxlan\","
                + "\"BackendData\":{\"VNI\":1,\"VtepMAC\":\"c6:bf:7f:00:00:03\"}}";
        final SubnetLease lease = SubnetLease.parse("/coreos.com/network/subnets/10.5.52.0-24", written);
        assertThat(lease.subnet()).isEqualTo(IpPrefix.parse("10.5.52.0/24"));
        assertThat(lease.ipv6Subnet()).isNull();
        assertThat(lease.key()).isEqualTo("10.5.52.0-24");
        assertThat(lease.attributes().toJson()).isEqualTo(written);

        final String dual = "{\"PublicIP\":\"192.168.64.3\",\"PublicIPv6\":\"fd01::3\",\"BackendType\":\"vxlan\","
                + "\"BackendData\":{\"VNI\":1,\"VtepMAC\":\"c6:bf:7f:00:00:03\"},"
                + "\"BackendV6Data\":{\"VNI\":1,\"VtepMAC\":\"c6:bf:7f:00:06:03\"}}";
        final SubnetLease both = SubnetLease.parse("/x/subnets/10.5.52.0-24&fd00:5:0:1::-64", dual);
        assertThat(both.ipv6Subnet()).isEqualTo(IpPrefix.parse("fd00:5:0:1::/64"));
        assertThat(both.key()).isEqualTo("10.5.52.0-24&fd00:5:0:1::-64");
        assertThat(both.attributes().toJson()).isEqualTo(dual);

        final String hostGw = "{\"PublicIP\":\"192.168.64.3\",\"PublicIPv6\":null,\"BackendType\":\"host-gw\"}";
        assertThat(LeaseAttributes.parse(hostGw).toJson()).isEqualTo(hostGw);
    }

    @Property
    void brokenLeasesAreRefusedInWords(@ForAll String key, @ForAll String value) {
        try {
            SubnetLease.parse("/coreos.com/network/subnets/10.5.52.0-24", value);
        } catch (final FlannelException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
        assertThatThrownBy(() -> SubnetLease.parse(key, "{}")).isInstanceOf(FlannelException.class);
        assertThatThrownBy(() -> SubnetLease.parse("10.5.52.0-33", "{}")).isInstanceOf(FlannelException.class);
        assertThatThrownBy(() -> SubnetLease.parse("10.5.520.0-24", "{}")).isInstanceOf(FlannelException.class);
    }

    @Test
    void subnetEnvIsFlannelsByteForByteAndReplacedInOneStep(@TempDir Path folder) throws Exception {
        final Path file = folder.resolve("flannel/subnet.env");
        final SubnetEnv single =
                new SubnetEnv(IpPrefix.parse("10.244.0.0/16"), IpPrefix.parse("10.244.1.0/24"), null, null, 1450, true);
        single.write(file);
        assertThat(file).content().isEqualTo("""
                        FLANNEL_NETWORK=10.244.0.0/16
                        FLANNEL_SUBNET=10.244.1.1/24
                        FLANNEL_MTU=1450
                        FLANNEL_IPMASQ=true
                        """);
        assertThat(SubnetEnv.read(file)).isEqualTo(single);
        final SubnetEnv dual = new SubnetEnv(
                IpPrefix.parse("10.244.0.0/16"),
                IpPrefix.parse("10.244.1.0/24"),
                IpPrefix.parse("fd00:244::/48"),
                IpPrefix.parse("fd00:244:0:1::/64"),
                1450,
                false);
        dual.write(file);
        assertThat(file).content().isEqualTo("""
                        FLANNEL_NETWORK=10.244.0.0/16
                        FLANNEL_SUBNET=10.244.1.1/24
                        FLANNEL_IPV6_NETWORK=fd00:244::/48
                        FLANNEL_IPV6_SUBNET=fd00:244:0:1::1/64
                        FLANNEL_MTU=1450
                        FLANNEL_IPMASQ=false
                        """);
        assertThat(SubnetEnv.read(file)).isEqualTo(dual);
        assertThat(folder.resolve("flannel"))
                .as("a temporary file would be left")
                .isDirectoryNotContaining("glob:**.new");
        assertThat(SubnetEnv.read(folder.resolve("none"))).isNull();
        Files.writeString(file, "FLANNEL_SUBNET=nonsense\n");
        assertThat(SubnetEnv.read(file)).isNull();
    }

    @Test
    void theVtepMacIsKept(@TempDir Path folder) throws Exception {
        final Path file = folder.resolve("state/vtep-mac");
        final MacAddress first = VtepMac.keep(file, null, new Random(1));
        assertThat(first.bits() >>> 40 & 3).as("locally administered, unicast").isEqualTo(2);
        assertThat(VtepMac.keep(file, null, new Random(2))).isEqualTo(first);
        final MacAddress published = MacAddress.parse("0a:01:02:03:04:05");
        assertThat(VtepMac.keep(file, published, new Random(3)))
                .as("what the others know counts more than the file")
                .isEqualTo(published);
        assertThat(VtepMac.keep(file, null, new Random(4))).isEqualTo(published);
        Files.writeString(file, "damaged");
        assertThat(VtepMac.keep(file, null, new Random(5))).isNotEqualTo(published);
        assertThat(VtepMac.keep(file, MacAddress.parse("ff:ff:ff:ff:ff:ff"), new Random(6))
                        .isMulticast())
                .isFalse();
    }

    @Test
    void annotationNamesFollowTheirPrefix() {
        assertThat(FlannelAnnotations.of(FlannelAnnotations.DEFAULT_PREFIX).backendV6Data())
                .isEqualTo("flannel.alpha.coreos.com/backend-v6-data");
        assertThat(FlannelAnnotations.of("example.org/net").publicIp()).isEqualTo("example.org/net-public-ip");
        assertThat(FlannelAnnotations.of("example.org/net-").publicIp()).isEqualTo("example.org/net-public-ip");
        assertThatThrownBy(() -> FlannelAnnotations.of("a/b/c")).hasMessageContaining("a/b/c");
        assertThatThrownBy(() -> FlannelAnnotations.of("Example.org")).hasMessageContaining("Example.org");
    }

    @Test
    void subnetsArePickedAmongTheFree() {
        final SubnetRange range = new SubnetRange(
                IpPrefix.parse("10.5.0.0/22"), 24, IpAddress.parse("10.5.1.0"), IpAddress.parse("10.5.3.0"));
        final SubnetLease first = new SubnetLease(
                IpPrefix.parse("10.5.1.0/24"), null, new LeaseAttributes(null, null, "vxlan", null, null));
        final SubnetLease big = new SubnetLease(
                IpPrefix.parse("10.5.2.0/23"), null, new LeaseAttributes(null, null, "vxlan", null, null));
        assertThat(SubnetChoice.pick(range, java.util.List.of(big), new Random(1)))
                .isEqualTo(IpPrefix.parse("10.5.1.0/24"));
        assertThatThrownBy(() -> SubnetChoice.pick(range, java.util.List.of(big, first), new Random(1)))
                .isInstanceOf(FlannelException.class);
    }
}
