package io.weir.agent.cni;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.dataplane.linux.InterfaceName;
import io.weir.dataplane.linux.LinuxException;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * One call of a runtime: its environment variables and its configuration.
 *
 * @param command       {@code CNI_COMMAND}
 * @param container     {@code CNI_CONTAINERID}; empty for GC, STATUS and VERSION
 * @param namespace     {@code CNI_NETNS}: the path of a network namespace; may be empty for DEL
 * @param interfaceName {@code CNI_IFNAME}
 * @param arguments     {@code CNI_ARGS}, split
 */
record CniCall(
        String command,
        String container,
        String namespace,
        String interfaceName,
        Map<String, String> arguments,
        NetworkConfig config) {
    private static final Pattern CONTAINER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]*");

    CniCall {
        arguments = Map.copyOf(arguments);
    }

    /** Reads what the thin client sent: {@code command}, {@code containerId}, {@code netns}, {@code ifname}, {@code args}, {@code config}. */
    static CniCall of(JsonNode question) throws CniException {
        final CniCall call = new CniCall(
                question.path("command").asText(),
                question.path("containerId").asText(),
                question.path("netns").asText(),
                question.path("ifname").asText(),
                split(question.path("args").asText()),
                NetworkConfig.parse(question.path("config").asText()));
        switch (call.command) {
            case "ADD", "CHECK" -> {
                call.checkContainer();
                if (call.namespace.isEmpty()) {
                    throw invalid("CNI_NETNS is missing");
                }
            }
            case "DEL" -> call.checkContainer();
            case "GC", "STATUS" -> {
                // about the whole network
            }
            default ->
                throw invalid("CNI_COMMAND is '" + call.command + "'; weir knows ADD, DEL, CHECK, GC, STATUS"
                        + " and VERSION");
        }
        return call;
    }

    private void checkContainer() throws CniException {
        if (!CONTAINER.matcher(container).matches()) {
            throw invalid("CNI_CONTAINERID is '" + container + "'; it is made of letters, digits, '.', '_' and '-'");
        }
        try {
            InterfaceName.check(interfaceName);
        } catch (final LinuxException e) {
            throw invalid("CNI_IFNAME: " + e.getMessage());
        }
    }

    private static CniException invalid(String message) {
        return new CniException(CniException.INVALID_ENVIRONMENT, message);
    }

    private static Map<String, String> split(String text) throws CniException {
        final Map<String, String> arguments = new HashMap<>();
        for (final String pair : text.split(";", -1)) {
            final int equals = pair.indexOf('=');
            if (equals > 0) {
                arguments.put(pair.substring(0, equals), pair.substring(equals + 1));
            } else if (!pair.isEmpty()) {
                throw invalid("CNI_ARGS has '" + pair + "', which is no NAME=VALUE");
            }
        }
        return arguments;
    }

    /** What an attachment is known by. */
    String id() {
        return container + "/" + interfaceName;
    }

    private String argument(String name) {
        return arguments.getOrDefault(name, "");
    }

    /** Kubernetes named its pod. */
    boolean isKubernetes() {
        return !argument("K8S_POD_NAMESPACE").isEmpty()
                && !argument("K8S_POD_NAME").isEmpty();
    }

    /** {@code namespace/name} as Kubernetes named it, else {@code containers/} and what the runtime calls it. */
    String pod() {
        if (isKubernetes()) {
            return argument("K8S_POD_NAMESPACE") + "/" + argument("K8S_POD_NAME");
        }
        final String name = argument("K8S_POD_NAME");
        return BARE_NAMESPACE + "/" + (CONTAINER.matcher(name).matches() ? name : container);
    }

    /** The Kubernetes namespace that containers without one are in. */
    static final String BARE_NAMESPACE = "containers";

    /** For a container whose name another one has. */
    String uniquePod() {
        return BARE_NAMESPACE + "/" + container + "-" + interfaceName;
    }

    String wantedAddress() {
        return argument("IP");
    }

    String wantedMac() {
        return argument("MAC");
    }
}
