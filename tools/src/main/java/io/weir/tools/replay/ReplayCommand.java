package io.weir.tools.replay;

import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.simulation.Outbox;
import io.weir.dataplane.port.FaultSpec;
import io.weir.tools.capture.CaptureReader;
import io.weir.tools.capture.CapturedPacket;
import io.weir.tools.capture.LinkType;
import io.weir.tools.capture.PcapWriter;
import io.weir.tools.capture.PcapngWriter;
import io.weir.tools.command.CommandFailure;
import io.weir.tools.command.ConfigOptions;
import io.weir.tools.command.ExitCodes;
import io.weir.tools.command.Json;
import io.weir.tools.command.Progress;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.concurrent.Callable;
import org.agrona.CloseHelper;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code weir replay}: what a node would do with the packets of a capture. */
@Command(
        name = "replay",
        mixinStandardHelpOptions = true,
        description = {
            "Put the packets of a capture through a node's pipeline, and say what became of each.",
            "The capture's own time is the node's clock. Reads pcap and pcapng (needs libpcap), writes pcap."
        },
        footer = {
            "",
            "A packet comes in by the port of the local pod that owns its source address, else by the uplink.",
            "Every input packet is accounted for: forwarded, answered, rejected or dropped, with the reason.",
            "",
            "Examples:",
            "  weir replay --config DIR --in a.pcap --out b.pcap",
            "  weir replay --config DIR --in a.pcap --out b.pcap --fault loss=0.01,duplicate=0.01,seed=7",
            "  weir replay --config DIR --in a.pcap --out b.pcap --report r.json --annotate a-verdicts.pcapng",
            "  wireshark a-verdicts.pcapng       # the verdict of each packet is its comment"
        })
public final class ReplayCommand implements Callable<Integer> {
    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Option(names = "--in", required = true, paramLabel = "A.pcap", description = "The capture to replay.")
    private @Nullable Path input;

    @Option(names = "--out", required = true, paramLabel = "B.pcap", description = "Where what is sent is written.")
    private @Nullable Path output;

    @Option(names = "--ingress", paramLabel = "PORT", description = "All packets come in by this port.")
    private @Nullable String ingress;

    @Option(names = "--report", paramLabel = "R.json", description = "Write the outcome of every packet as JSON.")
    private @Nullable Path report;

    @Option(
            names = "--annotate",
            paramLabel = "F.pcapng",
            description = "Write the input with the verdict of each packet as its comment.")
    private @Nullable Path annotated;

    @Option(
            names = "--fault",
            paramLabel = "FAULTS",
            converter = FaultConverter.class,
            description = {
                "Put a bad wire before the node: loss=P,duplicate=P,reorder=P,corrupt=P,truncate=P,seed=N,",
                "each P a probability from 0 to 1."
            })
    private FaultSpec fault = FaultSpec.NONE;

    @Option(names = "--json", description = "Print the sums as JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private static final class FaultConverter implements ITypeConverter<FaultSpec> {
        @Override
        public FaultSpec convert(String text) {
            try {
                return FaultSpec.parse(text);
            } catch (final IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }

    /** Packets whose outcome waits behind a held fragment's: written in the capture's order. */
    private record Pending(CapturedPacket packet, Outcome outcome) {}

    @Override
    public Integer call() {
        final LoadedConfig loaded = config.load(spec.commandLine().getErr());
        final ReplaySummary summary = new ReplaySummary();
        try {
            replay(loaded, required(input), required(output), summary);
        } catch (final IOException | UncheckedIOException e) {
            throw new CommandFailure(
                    "can't write the results: " + e.getMessage() + "; check the path and its permissions", e);
        }
        final PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.pretty(summary.tree()));
        } else {
            summary.print(out);
        }
        out.flush();
        return ExitCodes.DONE;
    }

    private void replay(LoadedConfig loaded, Path in, Path out, ReplaySummary summary) throws IOException {
        final long[] nowNs = new long[1];
        try (CaptureReader reader = new CaptureReader(in);
                PcapWriter sent = new PcapWriter(out, reader.linkType());
                Replay replay = new Replay(loaded, ingress, outbox(sent, reader.linkType(), nowNs, summary));
                Progress progress = Progress.bytes("replay", Files.size(in))) {
            final String node = replay.node().node().name();
            final ReplayReport list = report == null ? null : new ReplayReport(report, node, in);
            final PcapngWriter notes =
                    annotated == null ? null : new PcapngWriter(annotated, LinkType.ETHERNET, in.getFileName() + "");
            try {
                final ArrayDeque<Pending> pending = new ArrayDeque<>();
                final FaultyCapture capture = new FaultyCapture(reader, fault);
                for (CapturedPacket packet = capture.next(); packet != null; packet = capture.next()) {
                    nowNs[0] = packet.timeNs();
                    pending.add(new Pending(packet, capture.isLost() ? replay.lost(packet) : replay.replay(packet)));
                    write(pending, list, notes, summary);
                    progress.step(packet.bytes().length + 16L);
                }
                replay.finish();
                write(pending, list, notes, summary);
                if (list != null) {
                    list.sums(summary.tree());
                }
            } finally {
                CloseHelper.closeAll(list, notes);
            }
        }
    }

    private static Outbox outbox(PcapWriter sent, LinkType linkType, long[] nowNs, ReplaySummary summary) {
        return (port, frame) -> {
            final byte[] bytes = linkType == LinkType.ETHERNET ? frame : CaptureReader.withoutEthernet(frame);
            try {
                sent.write(nowNs[0], bytes, bytes.length);
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
            summary.sent(port.name());
        };
    }

    private static void write(
            ArrayDeque<Pending> pending,
            @Nullable ReplayReport list,
            @Nullable PcapngWriter notes,
            ReplaySummary summary)
            throws IOException {
        while (!pending.isEmpty() && pending.element().outcome.isEnded()) {
            final Pending next = pending.remove();
            summary.add(next.outcome);
            if (next.packet.originalLength() > next.packet.bytes().length) {
                summary.cutOff();
            }
            if (list != null) {
                list.add(next.outcome);
            }
            if (notes != null) {
                notes.write(
                        next.packet.timeNs(),
                        next.packet.bytes(),
                        next.packet.originalLength(),
                        next.outcome.sentence());
            }
        }
    }

    private static Path required(@Nullable Path path) {
        if (path == null) {
            throw new IllegalStateException("picocli requires --in and --out");
        }
        return path;
    }
}
