package io.weir.tools.command;

import io.weir.agent.config.ConfigException;
import io.weir.agent.config.Origin;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code --node}: what a node may be called, and how the option becomes a setting. */
public final class NodeName {
    private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?");

    private NodeName() {}

    /**
     * Adds the node's name to other overrides.
     *
     * @throws ConfigException when it is no name
     */
    public static List<String> settings(List<String> others, @Nullable String node) {
        if (node == null) {
            return List.copyOf(others);
        }
        if (!NAME.matcher(node).matches()) {
            throw new ConfigException(
                    Origin.of("--node"), "", node, "is no node name; write lower-case letters, digits, '-' and '.'");
        }
        final List<String> all = new ArrayList<>(others);
        all.add("nodeName=\"" + node + "\"");
        return List.copyOf(all);
    }
}
