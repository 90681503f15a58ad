package io.weir.tools.bench;

import io.weir.bench.experiment.Settings;
import io.weir.bench.profile.Phase;
import io.weir.bench.profile.Profile;
import io.weir.bench.throughput.Scenario;
import io.weir.bench.throughput.Scenarios;
import io.weir.bench.throughput.Traffic;
import io.weir.tools.command.CommandFailure;
import io.weir.tools.command.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weir bench profile}. */
@Command(
        name = "profile",
        mixinStandardHelpOptions = true,
        description = {
            "Show where a scenario's nanoseconds go, and how few of them this machine's memory would allow.",
            "The worker reads the clock between the phases of one burst of 32. Beside it, the JDK's flight recorder looks at its"
                    + " thread a thousand times a second; it also shares out what is done packet by packet (check, rewrite,"
                    + " queueing). The ceiling is a measured loop that copies the same packets and touches as many flow"
                    + " entries, and computes nothing."
        },
        footer = {"", "Examples:", "  weir bench profile chain", "  weir bench profile l3 --flows 1000000"})
public final class BenchProfileCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "SCENARIO", description = "l3, ct, nat, lb, policy, vxlan-push, vxlan-pop or chain.")
    private String name = "";

    @Option(
            names = "--flows",
            split = ",",
            defaultValue = "1000,100000,1000000",
            description = "Numbers of flows, one profile each (default: ${DEFAULT-VALUE}).")
    private List<Integer> flows = List.of();

    @Option(
            names = "--size",
            defaultValue = "64",
            description = "Bytes of a frame without its check sequence (default: ${DEFAULT-VALUE}).")
    private String size = "64";

    @Option(names = "--ipv6", description = "IPv6 packets.")
    private boolean ipv6;

    @Option(names = "--seconds", defaultValue = "3", description = "Seconds of a run (default: ${DEFAULT-VALUE}).")
    private double seconds;

    @Option(
            names = "--warm-up",
            defaultValue = "4",
            description = "Seconds before the first run (default: ${DEFAULT-VALUE}).")
    private double warmUpSeconds;

    @Option(
            names = "--core",
            defaultValue = "1",
            description = "Core to run on; -1 leaves it to the kernel (default: ${DEFAULT-VALUE}).")
    private int core;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Override
    public void run() {
        final PrintWriter out = spec.commandLine().getOut();
        check();
        final Scenario scenario = Scenarios.byName(name)
                .orElseThrow(() -> new ParameterException(
                        spec.commandLine(),
                        "there is no scenario of the packet path '" + name + "'; see weir bench list"));
        if (!ManagementFactory.getRuntimeMXBean().getInputArguments().contains("-XX:+DebugNonSafepoints")) {
            spec.commandLine()
                    .getErr()
                    .println("weir bench: without -XX:+DebugNonSafepoints, which ./weir sets, phases are blurred");
        }
        final List<Profile> profiles = new ArrayList<>();
        for (final int count : flows) {
            try {
                final Settings settings = new Settings(
                        List.of(count),
                        List.of(size),
                        List.of(ipv6),
                        false,
                        List.of(1),
                        warmUpSeconds,
                        1,
                        seconds,
                        core,
                        false);
                final Profile profile = Profile.of(scenario, Traffic.of(count, size, ipv6, false), settings);
                profiles.add(profile);
                if (!json) {
                    print(out, profile);
                }
            } catch (final IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), e.getMessage(), e);
            } catch (final IOException | IllegalStateException e) {
                throw new CommandFailure("the profile means nothing: " + e.getMessage(), e);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CommandFailure("interrupted", e);
            }
        }
        if (json) {
            out.println(Json.pretty(profiles));
        }
        out.flush();
    }

    /** Before anything is measured. */
    private void check() {
        try {
            flows.forEach(count -> Traffic.of(count, size, ipv6, false));
            Core.check(core);
        } catch (final IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private static void print(PrintWriter out, Profile profile) {
        out.printf(
                "%s, %,d flows: %.1f ns a packet (%.2f Mpps)%n",
                profile.scenario(), profile.flows(), profile.nsPerPacket(), 1000 / profile.nsPerPacket());
        out.printf("  %-9s %9s %7s %8s%n", "phase", "clock", "share", "sampled");
        for (final Phase phase : Phase.values()) {
            final double sampled = profile.sampledShare().getOrDefault(phase, 0.0);
            if (profile.ns(phase) > 0 || sampled > 0) {
                out.printf(
                        "  %-9s %6.1f ns %5.1f %% %6.1f %%  %s%n",
                        phase.label(),
                        profile.ns(phase),
                        100 * profile.ns(phase) / profile.sumNs(),
                        100 * sampled,
                        phase.sentence());
            }
        }
        out.printf("  %-9s %6.1f ns %7s %8s  in the median burst%n", "all", profile.sumNs(), "", "");
        for (final Profile.Line line : profile.hottest()) {
            out.printf(
                    "    %-44s %5.1f ns %5.1f %%%n", line.name(), line.share() * profile.sumNs(), line.share() * 100);
        }
        out.printf(
                "  A packet took %.1f ns while it was timed and %.1f while it was looked at, %,d times. Source and sink alone take"
                        + " %.1f ns.%n",
                profile.clockedNs(), profile.sampledNs(), profile.samples(), profile.generatorNs());
        out.printf(
                "  ceiling   %5.1f ns: %.1f to copy a packet, %.1f to load and write a flow's entry (%.2f Mpps); weir is at %.0f %%"
                        + " of it%n%n",
                1000 / profile.ceiling().mpps(),
                profile.ceiling().copyNs(),
                profile.ceiling().tableNs(),
                profile.ceiling().mpps(),
                100 * (1000 / profile.sumNs()) / profile.ceiling().mpps());
        out.flush();
    }
}
