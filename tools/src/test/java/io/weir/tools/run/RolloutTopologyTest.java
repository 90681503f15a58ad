package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.TopologyTest;
import io.weir.tools.run.ServiceRig.Endpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Backends are replaced under load. */
@TopologyTest
class RolloutTopologyTest {
    /** Every backend is replaced, as a Deployment does it, and no request of either client fails. */
    @Test
    void aRolloutFailsNoRequest() throws IOException {
        ServiceRig.assumePrograms();
        final List<Endpoint> endpoints =
                new ArrayList<>(List.of(Endpoint.ready(31), Endpoint.ready(32), Endpoint.ready(33)));
        try (ServiceRig services = new ServiceRig()
                .service("web", 10, "TCP", 80, ServiceRig.loadBalancer(10))
                .endpoints("web", "TCP", endpoints)) {
            services.web(31).web(32).web(33).start();
            final Process fresh = wrk(services, ServiceRig.CLIENT, "10.96.0.10", "-H", "Connection: close");
            final Process kept = wrk(services, ServiceRig.OUTSIDE, "2001:db8::10");
            for (int old = 31; old <= 33; old++) {
                final int gone = old;
                services.edit("the pod that replaces " + old, () -> services.web(gone + 10));
                endpoints.add(Endpoint.ready(old + 10));
                services.edit("it is ready", () -> services.endpoints("web", "TCP", endpoints));
                endpoints.replaceAll(each -> each.number() == gone ? each.terminates() : each);
                services.edit("the old one terminates", () -> services.endpoints("web", "TCP", endpoints));
                NodeRig.await("the end of its connections", () -> connections(services, gone) == 0);
                endpoints.removeIf(each -> each.number() == gone);
                services.edit("the old one is gone", () -> {
                    services.endpoints("web", "TCP", endpoints);
                    services.end(gone);
                });
            }
            for (final Process each : List.of(fresh, kept)) {
                assertThat(each.isAlive()).isTrue();
                services.rig.net.host("kill", "-INT", String.valueOf(each.pid()));
                final String report = new String(each.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                assertThat(report)
                        .containsPattern("[1-9]\\d{2,} requests in")
                        .doesNotContain("Socket errors")
                        .doesNotContain("Non-2xx");
            }
            assertThat(services.curl(ServiceRig.CLIENT, "10.96.0.10", 80)).startsWith("web-4");
        }
    }

    private static Process wrk(ServiceRig services, String from, String address, String... more) {
        final List<String> command = new ArrayList<>(List.of("wrk", "-t1", "-c8", "-d60", "--timeout", "5"));
        command.addAll(List.of(more));
        command.add("http://" + ServiceRig.bracketed(address) + "/");
        return services.rig.net.start(from, command.toArray(String[]::new));
    }

    /** Connections that the pod still has, with whomever. */
    private static long connections(ServiceRig services, int number) {
        return services.rig
                .net
                .run("web-" + number, "ss", "-Htn", "state", "established", "state", "close-wait", "state", "syn-recv")
                .lines()
                .count();
    }
}
