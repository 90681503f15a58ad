package io.weir.bench.setup;

import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.PinnedThread;
import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Metric;
import io.weir.bench.report.Result;
import io.weir.bench.report.Subject;
import io.weir.bench.report.Variant;
import io.weir.bench.throughput.RouteScenario;
import io.weir.bench.throughput.Traffic;
import io.weir.bench.throughput.WeirSession;
import io.weir.bench.throughput.Workers;

/** What ten and a million routes cost: to load, for the first packet of a flow, and for the others. */
public final class RouteScale implements Experiment {
    private static final Metric LOAD = new Metric("load", "ms", false);
    private static final int[] ROUTES = {10, 10_000, 1_000_000};
    private static final int FLOWS = 100_000;

    @Override
    public String name() {
        return "scale-routes";
    }

    @Override
    public String describe() {
        return "l3 with 10, 10 thousand and 1 million routes: load, first packets and packets a second";
    }

    @Override
    public void run(Settings settings, Recorder recorder) throws InterruptedException {
        for (final int routes : ROUTES) {
            final RouteScenario scenario = new RouteScenario(routes);
            final Variant variant = Variant.flows(FLOWS).withDetail("%,d routes".formatted(routes));
            final Traffic traffic = Traffic.of(FLOWS, "64", false, false);
            final double[] loads = new double[settings.runs()];
            final double[] firsts = new double[settings.runs()];
            final double[] rates = new double[settings.runs()];
            try (PinnedThread thread = new PinnedThread(settings.core())) {
                recorder.progress(name() + ", " + variant.detail() + ": first packets");
                final long end = System.nanoTime() + (long) (settings.warmUpSeconds() * 1e9 / 2);
                do {
                    FirstPackets.perSecond(thread, scenario, traffic);
                } while (System.nanoTime() < end);
                for (int run = 0; run < loads.length; run++) {
                    firsts[run] = FirstPackets.perSecond(thread, scenario, traffic);
                    loads[run] = scenario.lastLoadMs();
                }
            }
            try (WeirSession session = new WeirSession(scenario, traffic, new Workers(1, settings.core()))) {
                recorder.progress(name() + ", " + variant.detail() + ": packets");
                session.warmUp(settings.warmUpSeconds());
                for (int run = 0; run < rates.length; run++) {
                    rates[run] = session.run(settings.seconds());
                }
                recorder.result(Result.of(name(), variant, Subject.WEIR, LOAD, loads));
                recorder.result(Result.of(name(), variant, Subject.WEIR, Metric.CONNECTIONS, firsts)
                        .withNote("first packets of flows, which look the route up"));
                recorder.result(Result.of(name(), variant, Subject.WEIR, Metric.RATE, rates)
                        .withHeap(session.allocatedBytes(), session.collections())
                        .withCpuSeconds(session.cpuSeconds()));
            }
        }
    }
}
