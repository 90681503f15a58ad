package io.weir.agent.status;

import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.weir.agent.http.HttpAnswer;
import io.weir.agent.http.HttpAnswers;
import io.weir.agent.http.HttpQuestion;
import java.io.IOException;

/** The pages about the daemon. */
record StatusAnswers(AgentStatus status) implements HttpAnswers {
    private static final String PLAIN = "text/plain; charset=utf-8";
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    @Override
    public HttpAnswer to(HttpQuestion question) {
        if (!question.method().equals(HttpMethod.GET) && !question.method().equals(HttpMethod.HEAD)) {
            return new HttpAnswer(HttpResponseStatus.METHOD_NOT_ALLOWED, PLAIN, "GET and HEAD only\n");
        }
        return switch (question.path()) {
            case "/metrics" -> metrics();
            case "/healthz" -> health(status.notEligible());
            case "/livez" -> health(status.notAlive());
            case "/readyz" -> health(status.notReady());
            default ->
                new HttpAnswer(
                        HttpResponseStatus.NOT_FOUND, PLAIN, "there are /metrics, /healthz, /livez and /readyz\n");
        };
    }

    private HttpAnswer metrics() {
        try {
            return new HttpAnswer(HttpResponseStatus.OK, PROMETHEUS, status.metrics());
        } catch (final IOException e) {
            return new HttpAnswer(
                    HttpResponseStatus.SERVICE_UNAVAILABLE, PLAIN, "the counters can't be read: " + e + "\n");
        }
    }

    private static HttpAnswer health(String problem) {
        return problem.isEmpty()
                ? new HttpAnswer(HttpResponseStatus.OK, PLAIN, "ok\n")
                : new HttpAnswer(HttpResponseStatus.SERVICE_UNAVAILABLE, PLAIN, problem + "\n");
    }
}
