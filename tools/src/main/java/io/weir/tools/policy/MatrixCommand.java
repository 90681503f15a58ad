package io.weir.tools.policy;

import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.policy.LocalView;
import io.weir.agent.policy.PolicyTranslator;
import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.policy.PolicyCompiler;
import io.weir.policy.PolicyTable;
import io.weir.policy.analysis.Party;
import io.weir.policy.analysis.Reach;
import io.weir.policy.classify.Protocol;
import io.weir.policy.spec.PolicySpec;
import io.weir.tools.command.CommandFailure;
import io.weir.tools.command.ConfigOptions;
import io.weir.tools.command.ExitCodes;
import io.weir.tools.command.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weir policy matrix}. */
@Command(
        name = "matrix",
        mixinStandardHelpOptions = true,
        description = "Who reaches whom at a port, by policy alone: rows send, columns receive.",
        footer = {
            "",
            "Examples:",
            "  weir policy matrix --config examples/two-pods --port 80",
            "  weir policy matrix --config examples/two-pods --port 53/UDP --outside --svg matrix.svg"
        })
public final class MatrixCommand implements Callable<Integer> {
    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Option(
            names = "--port",
            paramLabel = "PORT",
            converter = PortChoice.Converter.class,
            description = "80, 53/UDP, 132/SCTP or ICMP. Default: 80.")
    private PortChoice port = new PortChoice(Protocol.TCP, 80);

    @Option(names = "--namespace", paramLabel = "NAME", description = "Only its pods. May be given many times.")
    private final Set<String> namespaces = new TreeSet<>();

    @Option(names = "--outside", description = "Also the address blocks that policies mention, and elsewhere.")
    private boolean outside;

    @Option(names = "--why", description = "With --json: the policy, rule and peer behind every pair.")
    private boolean why;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Option(names = "--svg", paramLabel = "FILE", description = "Draw a picture.")
    private @Nullable Path svg;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        final PrintWriter out = spec.commandLine().getOut();
        final LoadedConfig loaded = config.load(spec.commandLine().getErr());
        final PolicySpec policies = new PolicyTranslator().translate(loaded.cluster(), LocalView.EVERYWHERE);
        final List<Party> parties = new ArrayList<>(Party.pods(policies, namespaces));
        if (outside) {
            parties.addAll(Party.outside(policies));
        }
        try (VersionSlots slots = new VersionSlots(policies.pods().size() + 1)) {
            final PolicyTable table = new PolicyCompiler(slots).compile(policies, new Changes());
            if (svg != null) {
                draw(svg, MatrixPicture.svg(table, parties, port));
            }
            if (json) {
                out.println(Json.pretty(tree(table, parties)));
            } else {
                print(out, table, parties);
            }
        }
        out.flush();
        return ExitCodes.DONE;
    }

    private static void draw(Path file, String picture) {
        try {
            Files.writeString(file, picture);
        } catch (final IOException e) {
            throw new CommandFailure("can't write " + file + ": " + e.getMessage(), e);
        }
    }

    private String row(PolicyTable table, Party from, List<Party> parties) {
        final StringBuilder row = new StringBuilder();
        for (final Party to : parties) {
            row.append(
                    Reach.between(table, from, to, port.protocol(), port.port()).symbol());
        }
        return row.toString();
    }

    private void print(PrintWriter out, PolicyTable table, List<Party> parties) {
        final int width =
                parties.stream().mapToInt(p -> p.name().length()).max().orElse(0);
        final String digits = "%" + Math.max(2, String.valueOf(parties.size()).length()) + "s";
        final StringBuilder head = new StringBuilder(" ".repeat(width + 5));
        for (int i = 1; i <= parties.size(); i++) {
            head.append(' ').append(digits.formatted(i));
        }
        out.println(port + ", rows send, columns receive:  . allowed  X denied  4 or 6: only by that family");
        out.println(head);
        for (int i = 0; i < parties.size(); i++) {
            final StringBuilder line = new StringBuilder(("%4d %-" + Math.max(1, width) + "s")
                    .formatted(i + 1, parties.get(i).name()));
            row(table, parties.get(i), parties)
                    .chars()
                    .forEach(symbol -> line.append(' ').append(digits.formatted((char) symbol)));
            out.println(line);
        }
    }

    private Map<String, Object> tree(PolicyTable table, List<Party> parties) {
        final Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("protocol", port.protocol().name());
        tree.put("port", port.port());
        tree.put("parties", parties.stream().map(Party::name).toList());
        tree.put("legend", "matrix[i][j]: parties[i] -> parties[j]; . allowed, X denied, 4 or 6 only by that family");
        tree.put(
                "matrix",
                parties.stream().map(from -> row(table, from, parties)).toList());
        if (why) {
            final List<Map<String, Object>> pairs = new ArrayList<>();
            for (final Party from : parties) {
                for (final Party to : parties) {
                    final Reach reach = Reach.between(table, from, to, port.protocol(), port.port());
                    if (reach != Reach.NONE) {
                        final Map<String, Object> pair = new LinkedHashMap<>();
                        pair.put("from", from.name());
                        pair.put("to", to.name());
                        pair.put("reach", reach.name().toLowerCase(Locale.ROOT));
                        pair.put("why", Reach.why(table, from, to, port.protocol(), port.port()));
                        pairs.add(pair);
                    }
                }
            }
            tree.put("pairs", pairs);
        }
        return tree;
    }
}
