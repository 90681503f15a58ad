package io.weir.tools.policy;

import io.fabric8.kubernetes.api.model.Service;
import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.policy.LocalView;
import io.weir.agent.policy.PolicyTranslator;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.policy.analysis.Finding;
import io.weir.policy.analysis.PolicyLint;
import io.weir.policy.spec.PolicySpec;
import io.weir.tools.command.ConfigOptions;
import io.weir.tools.command.ExitCodes;
import io.weir.tools.command.Json;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weir policy lint}. */
@Command(
        name = "lint",
        mixinStandardHelpOptions = true,
        description = {
            "Find what in policies is surely not meant.",
            "Policies that select nothing, rules that another rule covers, ports by names that no pod has, peers that "
                    + "weir does not understand, and blocks of Service addresses."
        },
        footer = {
            "",
            "Examples:",
            "  weir policy lint --config examples/two-pods",
            "Exits with 1 when it finds something."
        })
public final class LintCommand implements Callable<Integer> {
    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        final PrintWriter out = spec.commandLine().getOut();
        final LoadedConfig loaded = config.load(spec.commandLine().getErr());
        final PolicySpec policies = new PolicyTranslator().translate(loaded.cluster(), LocalView.EVERYWHERE);
        final List<Finding> findings = PolicyLint.lint(policies, serviceAddresses(loaded));
        if (json) {
            out.println(Json.pretty(findings.stream().map(LintCommand::tree).toList()));
        } else {
            findings.forEach(out::println);
            final int count = policies.networkPolicies().size()
                    + policies.clusterPolicies().size();
            out.println(findings.size() + (findings.size() == 1 ? " finding" : " findings") + " in " + count
                    + (count == 1 ? " policy" : " policies"));
        }
        out.flush();
        return findings.isEmpty() ? ExitCodes.DONE : ExitCodes.FAILED;
    }

    private static Map<String, Object> tree(Finding finding) {
        final Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("kind", finding.kind().label());
        tree.put("policy", finding.policy());
        tree.put("field", finding.field());
        tree.put("sentence", finding.sentence());
        return tree;
    }

    private static List<IpPrefix> serviceAddresses(LoadedConfig loaded) {
        final List<IpPrefix> addresses = new ArrayList<>(loaded.node().serviceCidrs());
        for (final Service service : loaded.cluster().services().values()) {
            if (service.getSpec() != null) {
                add(addresses, service.getSpec().getClusterIP());
                service.getSpec().getClusterIPs().forEach(address -> add(addresses, address));
            }
        }
        return addresses;
    }

    private static void add(List<IpPrefix> addresses, @Nullable String text) {
        if (text != null && !text.isEmpty() && !text.equals("None")) {
            addresses.add(IpPrefix.parse(text));
        }
    }
}
