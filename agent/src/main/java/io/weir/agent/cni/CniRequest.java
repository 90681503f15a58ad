package io.weir.agent.cni;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.agent.api.ApiAnswer;
import io.weir.agent.api.ApiRequest;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/**
 * {@code cni}: what the plugin in the runtime's bin directory passes on. The answer is a line {@code {"exit":CODE}}, and a line
 * that the plugin prints: the result of ADD, or an error.
 */
public final class CniRequest implements ApiRequest {
    private static final String ANY_VERSION = "1.0.0";

    private final CniService service;

    public CniRequest(CniService service) {
        this.service = service;
    }

    @Override
    public void answer(JsonNode question, ApiAnswer answer) throws IOException {
        String version = ANY_VERSION;
        try {
            final CniCall call = CniCall.of(question);
            version = call.config().version();
            final Optional<Map<String, Object>> result = service.call(call);
            answer.line(Map.of("exit", 0));
            if (result.isPresent()) {
                answer.line(result.get());
            }
        } catch (final CniException e) {
            answer.line(Map.of("exit", 1));
            answer.line(CniResult.failed(version, e));
        }
    }
}
