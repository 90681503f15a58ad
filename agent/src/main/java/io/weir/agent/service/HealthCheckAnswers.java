package io.weir.agent.service;

import io.netty.handler.codec.http.HttpResponseStatus;
import io.weir.agent.http.HttpAnswer;
import io.weir.agent.http.HttpAnswers;
import io.weir.agent.http.HttpQuestion;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Answers every question at a port, whatever its path and method, as kube-proxy does. */
record HealthCheckAnswers(Map<InetSocketAddress, HealthCheckNodePort> checks, BooleanSupplier isHealthy)
        implements HttpAnswers {
    private static final String WEIGHT = "X-Load-Balancing-Endpoint-Weight";

    @Override
    public @Nullable HttpAnswer to(HttpQuestion question) {
        final HealthCheckNodePort check = checks.get(question.asked());
        if (check == null) {
            return null; // its Service has just gone
        }
        final boolean healthy = isHealthy.getAsBoolean();
        return new HttpAnswer(
                healthy && check.localEndpoints() > 0 ? HttpResponseStatus.OK : HttpResponseStatus.SERVICE_UNAVAILABLE,
                "application/json",
                Map.of("X-Content-Type-Options", "nosniff", WEIGHT, Integer.toString(check.localEndpoints())),
                body(check, healthy));
    }

    /** Indented by tabs, to the byte what load balancers get from kube-proxy; names of Kubernetes need no escapes. */
    static String body(HealthCheckNodePort check, boolean healthy) {
        return """
                {
                \t"service": {
                \t\t"namespace": "%s",
                \t\t"name": "%s"
                \t},
                \t"localEndpoints": %d,
                \t"serviceProxyHealthy": %b
                }""".formatted(check.namespace(), check.name(), check.localEndpoints(), healthy);
    }
}
