package io.weir.tools.observe;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.tools.capture.FilterExpression;
import io.weir.tools.capture.LinkType;
import io.weir.tools.capture.PcapWriter;
import io.weir.tools.command.CommandFailure;
import io.weir.tools.command.Ending;
import io.weir.tools.command.ExitCodes;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code weir capture}: the frames at a port of a running weir, into a capture file. */
@Command(
        name = "capture",
        mixinStandardHelpOptions = true,
        description = "Write the frames that pass a port to a capture file: as they come and as they are sent.",
        footer = {
            "",
            "FILTER is a pcap filter expression, see pcap-filter(7). Frames are as the port has them: with tunnel headers at "
                    + "an uplink, and big ones in one piece where offloads are on. Without -w they are printed.",
            "",
            "Examples:",
            "  weir capture --port uplink -w uplink.pcap",
            "  weir capture --port default/client --direction in 'udp port 53'",
            "  weir capture --port uplink --count 100 --json"
        })
public final class CaptureCommand implements Callable<Integer> {
    /** Which frames. */
    enum Direction {
        IN,
        OUT,
        BOTH
    }

    @Mixin
    private LookOptions look = new LookOptions();

    @Option(names = "--port", required = true, paramLabel = "PORT", description = "A port as weir stat names it.")
    private String port = "";

    @Option(names = "-w", paramLabel = "FILE", description = "Write frames to this pcap file.")
    private @Nullable Path file;

    @Option(
            names = "--direction",
            paramLabel = "in|out|both",
            defaultValue = "both",
            description = "Frames that come from the port, that are sent to it, or both. Default: ${DEFAULT-VALUE}.")
    private Direction direction = Direction.BOTH;

    @Option(names = "--count", paramLabel = "N", description = "End after this many frames.")
    private long count = Long.MAX_VALUE;

    @Option(names = "--snap-length", paramLabel = "N", description = "Keep at most N bytes of a frame.")
    private int snapLength = 262_144;

    @Parameters(paramLabel = "FILTER", arity = "0..*", description = "Take only frames that match.")
    private List<String> filter = List.of();

    private long seen;

    @Override
    public Integer call() {
        final FilterExpression expression = Filters.compile(look.commandLine(), filter);
        final Map<String, Object> question = new LinkedHashMap<>();
        question.put("request", "capture");
        question.put("port", port);
        question.put("direction", direction.name().toLowerCase(Locale.ROOT));
        question.put("snapLength", snapLength);
        question.put("filter", expression.instructions());
        final Path directory = look.directory();
        try (Ending ending = new Ending(ApiClient.LAST_LINES)) {
            if (file == null) {
                ask(directory, question, ending, null);
                return ExitCodes.DONE;
            }
            try (PcapWriter writer = new PcapWriter(file, LinkType.ETHERNET)) {
                writer.flush();
                ask(directory, question, ending, writer);
            } catch (final IOException | UncheckedIOException e) {
                throw new CommandFailure(file + ": can't be written (" + e.getMessage() + ")", e);
            }
            final PrintWriter err = look.err();
            err.println(seen + " frames in " + file);
            err.flush();
            return ExitCodes.DONE;
        }
    }

    private void ask(Path directory, Map<String, Object> question, Ending ending, @Nullable PcapWriter writer) {
        final PrintWriter err = look.err();
        ApiClient.ask(directory, question, ending, answer -> {
            if (answer.has("ready")) {
                err.println("capturing at " + port + "; Ctrl-C ends it");
                err.flush();
                return seen < count;
            }
            if (answer.has("lost")) {
                err.println("lost " + answer.get("lost").asLong() + " frames so far: they come too fast");
                err.flush();
                return true;
            }
            seen++;
            return take(answer, writer) && seen < count;
        });
    }

    /** The file is complete at any time, also when this process is killed. */
    private boolean take(JsonNode frame, @Nullable PcapWriter writer) {
        final PrintWriter out = look.out();
        if (writer != null) {
            try {
                writer.write(
                        frame.path("timeNs").asLong(),
                        PacketText.bytes(frame),
                        frame.path("length").asInt());
                writer.flush();
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        if (look.isJson()) {
            out.println(frame);
        } else if (writer == null) {
            out.println(PacketText.line(frame, frame.path("direction").asText()));
        }
        out.flush();
        return !out.checkError();
    }
}
