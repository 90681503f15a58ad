package io.weir.agent.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Answers with a list that only the control thread can make.
 *
 * @param lines one object for each line of the answer; called by the control thread
 */
record ListRequest(ControlQueue control, Supplier<List<Map<String, Object>>> lines) implements ApiRequest {
    @Override
    public void answer(JsonNode question, ApiAnswer answer) throws IOException, ApiException {
        for (final Map<String, Object> line : control.call(lines)) {
            answer.line(line);
        }
    }
}
