package io.weir.tools.install;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.dataplane.linux.TopologyTest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Many pods at once, and an agent that is killed in the middle of it. {@code -Dweir.heavy=true}: 500 pods at once, and the
 * latency of 300 single ADDs is printed.
 */
@TopologyTest
class CniStormTopologyTest {
    private static final boolean HEAVY = Boolean.getBoolean("weir.heavy");

    private AgentRig rig;

    @BeforeEach
    void start() {
        AgentRig.assumeCompiler();
        rig = new AgentRig("10.244.16.0/20").start().install();
    }

    @AfterEach
    void stop() {
        if (rig != null) {
            rig.close();
        }
    }

    private List<String> namespaces(int count) {
        final List<String> labels = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            labels.add("p" + i);
            rig.net.namespace("p" + i);
        }
        return labels;
    }

    private interface Call {
        AgentRig.Answer of(String label);
    }

    private static Map<String, AgentRig.Answer> together(List<String> labels, Call call) throws Exception {
        final Map<String, AgentRig.Answer> answers = new ConcurrentHashMap<>();
        try (ExecutorService runtime = Executors.newVirtualThreadPerTaskExecutor()) {
            final List<Future<?>> all = new ArrayList<>();
            for (final String label : labels) {
                all.add(runtime.submit(() -> answers.put(label, call.of(label))));
            }
            for (final Future<?> each : all) {
                each.get(120, TimeUnit.SECONDS);
            }
        }
        return answers;
    }

    private Set<String> addressesInBook() {
        final Set<String> addresses = new HashSet<>();
        int count = 0;
        for (final JsonNode each : rig.book().path("attachments")) {
            for (final JsonNode address : each.path("addresses")) {
                addresses.add(address.asText());
                count++;
            }
        }
        assertThat(addresses).as("no address is given twice").hasSize(count);
        return addresses;
    }

    @Test
    void manyAtOnceLoseNothing() throws Exception {
        final List<String> labels = namespaces(HEAVY ? 500 : 60);
        final long beginNs = System.nanoTime();
        final Map<String, AgentRig.Answer> added = together(labels, label -> rig.add(label, ""));
        final long addedNs = System.nanoTime();
        final Set<String> addresses = new HashSet<>();
        added.values().forEach(answer -> addresses.add(answer.expect(0).address(0)));
        assertThat(addresses).hasSize(labels.size());
        assertThat(addressesInBook()).containsAll(addresses).hasSize(2 * labels.size());
        final String last = labels.getLast();
        assertThat(rig.net.run(
                        last,
                        "ping",
                        "-c",
                        "1",
                        "-W",
                        "5",
                        Objects.requireNonNull(added.get(labels.getFirst())).address(0)))
                .contains(" 0% packet loss");
        final long deletingNs = System.nanoTime();
        together(labels, rig::delete).values().forEach(answer -> answer.expect(0));
        final long endNs = System.nanoTime();
        assertThat(addressesInBook()).isEmpty();
        assertThat(rig.book().path("freed")).hasSize(2 * labels.size());
        if (HEAVY) {
            System.out.printf(
                    "%d ADDs at once: %d ms; %d DELs: %d ms%n",
                    labels.size(), (addedNs - beginNs) / 1_000_000, labels.size(), (endNs - deletingNs) / 1_000_000);
            latency();
        }
    }

    /** One ADD after the other, as a kubelet makes them, with the start of the plugin's process. */
    private void latency() {
        final long[] ns = new long[300];
        for (int i = -50; i < ns.length; i++) {
            final long beginNs = System.nanoTime();
            rig.add("p0", "").expect(0);
            if (i >= 0) {
                ns[i] = System.nanoTime() - beginNs;
            }
            rig.delete("p0").expect(0);
        }
        Arrays.sort(ns);
        System.out.printf(
                "ADD: median %.1f ms, 99th percentile %.1f ms, largest %.1f ms%n",
                ns[ns.length / 2] / 1e6, ns[ns.length * 99 / 100] / 1e6, ns[ns.length - 1] / 1e6);
    }

    @Test
    void aKillInTheMiddleLosesNoAddressAndNoInterface() throws Exception {
        final List<String> labels = namespaces(30);
        final AtomicInteger answered = new AtomicInteger();
        final Map<String, AgentRig.Answer> before = new TreeMap<>();
        try (ExecutorService runtime = Executors.newVirtualThreadPerTaskExecutor()) {
            final Future<Map<String, AgentRig.Answer>> storm = runtime.submit(() -> together(labels, label -> {
                final AgentRig.Answer answer = rig.add(label, "");
                answered.incrementAndGet();
                return answer;
            }));
            while (answered.get() < 5 && !storm.isDone()) {
                TimeUnit.MILLISECONDS.sleep(1);
            }
            rig.kill();
            before.putAll(storm.get(60, TimeUnit.SECONDS));
        }
        final Set<String> promised = new HashSet<>();
        before.values().stream()
                .filter(answer -> answer.exitCode() == 0)
                .forEach(answer -> promised.add(answer.address(0)));
        assertThat(addressesInBook()).containsAll(promised);

        rig.start();
        assertThat(addressesInBook()).containsAll(promised);
        for (final Map.Entry<String, AgentRig.Answer> each : before.entrySet()) {
            final AgentRig.Answer answer = each.getValue();
            if (answer.exitCode() == 0) {
                final String path = rig.net.path(each.getKey()).toString();
                rig.call("CHECK", "id-" + each.getKey(), path, "1.0.0", ",\"prevResult\":" + answer.text(), "")
                        .expect(0);
            } else {
                answer.expect(11);
                final AgentRig.Answer again = rig.add(each.getKey(), "").expect(0);
                assertThat(promised.add(again.address(0)))
                        .as("an address is given twice")
                        .isTrue();
            }
        }
        assertThat(addressesInBook()).containsAll(promised).hasSize(2 * labels.size());
        final String from = labels.getFirst();
        final String to = promised.iterator().next();
        assertThat(rig.net.run(from, "ping", "-c", "1", "-W", "5", to)).contains(" 0% packet loss");

        rig.terminate();
        assertThat(rig.net.run(from, "ip", "-brief", "link"))
                .as("a container outlives its weir")
                .contains("eth0");
        rig.start();
        assertThat(rig.net.run(from, "ping", "-c", "1", "-W", "5", to)).contains(" 0% packet loss");
        together(labels, rig::delete).values().forEach(answer -> answer.expect(0));
        assertThat(rig.net.run(from, "ip", "-brief", "link")).doesNotContain("eth0");
        assertThat(addressesInBook()).isEmpty();
    }
}
