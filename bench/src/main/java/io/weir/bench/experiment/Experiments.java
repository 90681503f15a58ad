package io.weir.bench.experiment;

import io.weir.bench.device.PodTcpExperiment;
import io.weir.bench.device.ServiceHttpExperiment;
import io.weir.bench.device.ServiceTcpExperiment;
import io.weir.bench.device.TapLatencyExperiment;
import io.weir.bench.device.TapRateExperiment;
import io.weir.bench.device.TunnelTcpExperiment;
import io.weir.bench.device.VethRateExperiment;
import io.weir.bench.latency.LatencyExperiment;
import io.weir.bench.policy.PolicyScale;
import io.weir.bench.services.MaglevExperiment;
import io.weir.bench.services.ServiceScale;
import io.weir.bench.setup.ConnectExperiment;
import io.weir.bench.setup.RouteScale;
import io.weir.bench.throughput.ChurnExperiment;
import io.weir.bench.throughput.FloodExperiment;
import io.weir.bench.throughput.Scenarios;
import io.weir.bench.throughput.ThroughputExperiment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** All that {@code weir bench} can measure, in the order in which it is measured. A new experiment is a line here. */
public final class Experiments {
    private Experiments() {}

    public static List<Experiment> all() {
        final List<Experiment> all = new ArrayList<>();
        Scenarios.all().forEach(scenario -> all.add(new ThroughputExperiment(scenario)));
        all.add(new ConnectExperiment());
        all.add(new LatencyExperiment());
        all.add(new RouteScale());
        all.add(new ChurnExperiment());
        all.add(FloodExperiment.syn());
        all.add(FloodExperiment.denied());
        all.add(FloodExperiment.deniedSyn());
        all.add(PodTcpExperiment.byTaps());
        all.add(PodTcpExperiment.offloaded());
        all.add(new ServiceTcpExperiment());
        all.add(TunnelTcpExperiment.byTaps());
        all.add(TunnelTcpExperiment.offloaded());
        all.add(new VethRateExperiment());
        all.add(new TapRateExperiment());
        all.add(new TapLatencyExperiment());
        all.add(ServiceScale.services());
        all.add(ServiceScale.endpoints());
        all.add(new MaglevExperiment());
        all.add(ServiceHttpExperiment.byTaps());
        all.add(ServiceHttpExperiment.offloaded());
        all.add(new PolicyScale());
        return all;
    }

    /**
     * The one of this name, or all whose names begin with it and a dash: {@code scale}; or all that a pattern with {@code *} and
     * {@code ?} fits: {@code tap-*}. Empty when there is none.
     */
    public static List<Experiment> named(String name) {
        if (name.contains("*") || name.contains("?")) {
            final Pattern pattern =
                    Pattern.compile("\\Q" + name.replace("*", "\\E.*\\Q").replace("?", "\\E.\\Q") + "\\E");
            return all().stream()
                    .filter(experiment -> pattern.matcher(experiment.name()).matches())
                    .toList();
        }
        final List<Experiment> one = byName(name).map(List::of).orElse(List.of());
        return one.isEmpty()
                ? all().stream()
                        .filter(experiment -> experiment.name().startsWith(name + "-"))
                        .toList()
                : one;
    }

    public static Optional<Experiment> byName(String name) {
        return all().stream()
                .filter(experiment -> experiment.name().equals(name))
                .findFirst();
    }
}
