package io.weir.agent.flannel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NetConfTest {
    private static final String VXLAN = ",\"Backend\":{\"Type\":\"vxlan\"}}";

    private static @Nullable SubnetRange range(String fields) {
        return NetConf.parse("{" + fields + VXLAN).subnets();
    }

    private static @Nullable SubnetRange range6(String fields) {
        return NetConf.parse("{\"EnableIPv4\":false,\"EnableIPv6\":true," + fields + VXLAN)
                .ipv6Subnets();
    }

    @Test
    void everyFieldOfFlannelIsRead() {
        final NetConf conf = NetConf.parse("""
                {"EnableIPv4": true, "EnableIPv6": true, "EnableNFTables": true,
                 "Network": "10.244.0.0/16", "IPv6Network": "fd00:244::/48",
                 "SubnetLen": 25, "SubnetMin": "10.244.1.0", "SubnetMax": "10.244.9.128",
                 "IPv6SubnetLen": 80, "IPv6SubnetMin": "fd00:244:0:0:1::", "IPv6SubnetMax": "fd00:244:0:0:9::",
                 "Backend": {"Type": "vxlan", "VNI": 4096, "Port": 4789, "MTU": 1400, "DirectRouting": true,
                             "Learning": true, "GBP": false, "MacPrefix": "0E-2A"}}
                """);
        assertThat(conf.network()).isEqualTo(IpPrefix.parse("10.244.0.0/16"));
        assertThat(conf.ipv6Network()).isEqualTo(IpPrefix.parse("fd00:244::/48"));
        assertThat(conf.backend()).isEqualTo(new Backend.Vxlan(4096, 4789, 1400, true));
        assertThat(conf.subnets())
                .isEqualTo(new SubnetRange(
                        IpPrefix.parse("10.244.0.0/16"),
                        25,
                        IpAddress.parse("10.244.1.0"),
                        IpAddress.parse("10.244.9.128")));
        assertThat(conf.ipv6Subnets())
                .isEqualTo(new SubnetRange(
                        IpPrefix.parse("fd00:244::/48"),
                        80,
                        IpAddress.parse("fd00:244::1:0:0:0"),
                        IpAddress.parse("fd00:244::9:0:0:0")));
        assertThat(conf.warnings())
                .hasSize(3)
                .anyMatch(line -> line.contains("EnableNFTables"))
                .anyMatch(line -> line.contains("Learning"))
                .anyMatch(line -> line.contains("MacPrefix"));
    }

    @Test
    void namesMatchInAnyCaseAsInGo() {
        final NetConf conf = NetConf.parse("{\"network\":\"10.0.0.0/8\",\"backend\":{\"type\":\"VXLAN\",\"port\":0}}");
        assertThat(conf.network()).isEqualTo(IpPrefix.parse("10.0.0.0/8"));
        assertThat(conf.backend()).isEqualTo(new Backend.Vxlan(1, 8472, 0, false));
    }

    /** Flannel's CheckNetworkConfig: a /24 or a quarter of the network; the first subnet is left out. */
    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 24, 10.0.1.0, 10.255.255.0",
        "10.3.0.0/16, 24, 10.3.1.0, 10.3.255.0",
        "10.3.0.0/22, 24, 10.3.1.0, 10.3.3.0",
        "10.3.0.0/24, 26, 10.3.0.64, 10.3.0.192",
        "10.3.0.0/28, 30, 10.3.0.4, 10.3.0.12"
    })
    void limitsOfIpv4SubnetsAreFlannels(String network, int length, String min, String max) {
        assertThat(range("\"Network\":\"" + network + "\""))
                .isEqualTo(
                        new SubnetRange(IpPrefix.parse(network), length, IpAddress.parse(min), IpAddress.parse(max)));
    }

    @ParameterizedTest
    @CsvSource({
        "fc00::/48, 64, fc00:0:0:1::, fc00:0:0:ffff::",
        "fc00::/62, 64, fc00:0:0:1::, fc00:0:0:3::",
        "fc00::/64, 66, fc00:0:0:0:4000::, fc00:0:0:0:c000::",
        "fc00::/124, 126, fc00::4, fc00::c"
    })
    void limitsOfIpv6SubnetsAreFlannels(String network, int length, String min, String max) {
        assertThat(range6("\"IPv6Network\":\"" + network + "\""))
                .isEqualTo(
                        new SubnetRange(IpPrefix.parse(network), length, IpAddress.parse(min), IpAddress.parse(max)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"Network\":\"10.3.0.0/29\"| larger network than 10.3.0.0/29",
                "\"Network\":\"10.3.0.0/16\",\"SubnetLen\":31| at most 30",
                "\"Network\":\"10.3.0.0/16\",\"SubnetLen\":17| at least 18",
                "\"Network\":\"10.3.0.0/16\",\"SubnetMin\":\"10.4.0.0\"| SubnetMin is 10.4.0.0, outside of 10.3.0.0/16",
                "\"Network\":\"10.3.0.0/16\",\"SubnetMax\":\"10.3.5.7\"| SubnetMax is 10.3.5.7, which is no start of a /24",
                "\"Network\":\"10.3.0.0/16\",\"SubnetMin\":\"10.3.9.0\",\"SubnetMax\":\"10.3.5.0\"| lies behind SubnetMax"
            })
    void contradictionsAreNamed(String fields, String message) {
        assertThatThrownBy(() -> range(fields))
                .isInstanceOf(FlannelException.class)
                .hasMessageContaining(message.strip());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"Network\":\"10.0.0.0/8\"}| no Backend, which flannel takes for its udp backend; weir has vxlan",
                "{\"Network\":\"10.0.0.0/8\",\"Backend\":{\"Type\":\"udp\"}}| Backend.Type is 'udp': the udp backend",
                "{\"Network\":\"10.0.0.0/8\",\"Backend\":{\"Type\":\"wireguard\"}}| 'wireguard': weir has no encrypted",
                "{\"Network\":\"10.0.0.0/8\",\"Backend\":{\"Type\":\"ipip\"}}| 'ipip'",
                "{\"Network\":\"10.0.0.0/8\",\"Backend\":{\"Type\":\"ali-vpc\"}}| flannel removed it in v0.20.0",
                "{\"Network\":\"10.0.0.0/8\",\"Backend\":{\"Type\":\"geneve\"}}| 'geneve', which flannel has not",
                "{\"Network\":\"10.0.0.0/8\",\"Backend\":{\"Type\":\"vxlan\",\"GBP\":true}}| GBP is true",
                "{\"Network\":\"10.0.0.0/8\",\"Backend\":{\"Type\":\"vxlan\",\"VNI\":16777216}}| VNI is 16777216",
                "{\"Network\":\"10.0.0.0/8\",\"Backend\":{\"Type\":\"vxlan\",\"Port\":\"x\"}}| Port is \"x\"; write a whole",
                "{\"Backend\":{\"Type\":\"vxlan\"}}| no Network",
                "{\"Network\":\"10.0.0.0\",\"Backend\":{\"Type\":\"vxlan\"}}| write an IPv4 range",
                "{\"Network\":\"fd00::/64\",\"Backend\":{\"Type\":\"vxlan\"}}| write an IPv4 range",
                "{\"EnableIPv4\":false,\"Backend\":{\"Type\":\"vxlan\"}}| are both false",
                "[]| is no JSON object",
                "{| is no JSON"
            })
    void whatWeirCannotDoIsRefusedByName(String json, String message) {
        assertThatThrownBy(() -> NetConf.parse(json))
                .isInstanceOf(FlannelException.class)
                .hasMessageContaining(message.strip());
    }
}
