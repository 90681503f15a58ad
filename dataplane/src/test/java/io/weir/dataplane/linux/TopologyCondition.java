package io.weir.dataplane.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Says whether this process may build network namespaces, and if not, why. */
final class TopologyCondition implements ExecutionCondition {
    private static final int CAP_NET_ADMIN = 12;
    private static final int CAP_NET_RAW = 13;
    private static final int CAP_SYS_ADMIN = 21;

    private static final String OBSTACLE = obstacle();

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        return OBSTACLE.isEmpty()
                ? ConditionEvaluationResult.enabled("namespaces can be built")
                : ConditionEvaluationResult.disabled("topology test skipped: " + OBSTACLE);
    }

    private static String obstacle() {
        try {
            long capabilities = Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("CapEff:"))
                    .mapToLong(line -> Long.parseUnsignedLong(
                            line.substring("CapEff:".length()).trim(), 16))
                    .findFirst()
                    .orElse(0);
            for (int capability : new int[] {CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN}) {
                if ((capabilities >>> capability & 1) == 0) {
                    return "this process lacks capability " + capability + " (run the tests as root)";
                }
            }
        } catch (IOException e) {
            return "/proc/self/status cannot be read: " + e.getMessage();
        }
        return TopologyNamespaces.hasProgram("ip") ? "" : "the program ip (package iproute2) is not installed";
    }
}
