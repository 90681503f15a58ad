package io.weir.agent.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.worker.IdleMode;
import io.weir.dataplane.worker.WorkerPriority;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class NodeConfigTest {
    @Test
    void defaults() {
        final NodeConfig config = NodeConfig.defaults();
        assertThat(config.nodeName()).isNull();
        assertThat(config.nodeAddresses()).isEmpty();
        assertThat(config.workers()).isEqualTo(new WorkersConfig(1, IdleMode.WAIT, WorkerPriority.NORMAL, 64, -1));
        assertThat(config.conntrack().tcpEstablished()).isEqualTo(Duration.ofDays(5));
        assertThat(config.services().nodePortRange()).isEqualTo(new PortRange(30000, 32767));
    }

    @Test
    void settingsReachEveryShape() {
        final NodeConfig config = NodeConfig.of(
                "nodeName=node-1",
                "nodeAddresses=192.168.0.2, fd00::2",
                "podCidrs=[10.244.1.0/24]",
                "workers.idle=spin",
                "workers.count=2",
                "conntrack.udp=500s",
                "ports.uplinks[0].device=eth0",
                "ports.uplinks[0].addresses=192.168.0.2/24",
                "ports.uplinks[+].name=second",
                "routes[0]={to: 10.0.0.0/8, blackhole: true}",
                "nodeName=node-2");
        assertThat(config.nodeName()).isEqualTo("node-2");
        assertThat(config.nodeAddresses()).containsExactly(IpAddress.parse("192.168.0.2"), IpAddress.parse("fd00::2"));
        assertThat(config.podCidrs()).containsExactly(IpPrefix.parse("10.244.1.0/24"));
        assertThat(config.workers().idle()).isEqualTo(IdleMode.SPIN);
        assertThat(config.conntrack().udp()).isEqualTo(Duration.ofSeconds(500));
        assertThat(config.ports().uplinks()).hasSize(2);
        assertThat(config.ports().uplinks().get(0).device()).isEqualTo("eth0");
        assertThat(config.ports().uplinks().get(1).name()).isEqualTo("second");
        assertThat(config.routes()).containsExactly(new RouteConfig(IpPrefix.parse("10.0.0.0/8"), null, null, true));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "workers.cuont=2 | --set workers.cuont=2: workers.cuont: is no field here; did you mean 'count'?",
                "zebra=2 | --set zebra=2: zebra: is no field here; known are nodeName,",
                "workers.count=65 | --set workers.count=65: workers.count is '65': write 1 to 64",
                "workers.count=two | --set workers.count=two: workers.count is 'two': write a whole number",
                "workers.idle=sleep | workers.idle is 'sleep': write spin or wait",
                "workers={priority: realtime} | workers: a realtime worker stays on the core that it has",
                "workers={priority: realtime, firstCore: 1, idle: spin} | workers: a realtime worker that spins",
                "nodeAddresses=[1.2.3.4, host] | nodeAddresses[1] is 'host': write an IPv4 or IPv6 address",
                "conntrack.udp=30 | conntrack.udp is '30': write a duration like",
                "conntrack.udp=10ms | conntrack.udp is '10ms': write 1000 to 5184000000 milliseconds",
                "workers=3 | workers is '3': expects fields: count, idle, priority, burst, firstCore",
                "ports.uplinks[1].device=eth0 | ports.uplinks: has 0 elements; the next one is [0] or [+]",
                "ports.uplinks.device=eth0 | ports.uplinks",
                "nodeAddresses=[0, 1, | is no YAML value",
                "workers | write it as path=value",
                "workers..count=2 | is no path",
                "routes[0].to=10.0.0.0/8 | routes[0]: a route needs via, port or blackhole: true",
                "routes[0].via=10.0.0.1 | routes[0].to: is missing; write a range like",
            })
    void mistakesAreExplained(String setting, String message) {
        assertThatThrownBy(() -> NodeConfig.of(setting))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(message)
                .hasMessageContaining("--set " + setting);
    }

    @Test
    void theFileIsNamedForWhatItWrote() {
        final ConfigDocument document =
                new ConfigDocument(Map.of("workers", Map.of("count", 99)), new Origin("node.yaml", 3));
        assertThatThrownBy(() -> NodeConfigReader.read(document, List.of("workers.burst=32")))
                .hasMessage("node.yaml, document 3: workers.count is '99': write 1 to 64");
    }
}
