package io.weir.agent.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;

/** Answers one kind of request. Runs on a thread of the request's own, never on the control thread or a worker. */
public interface ApiRequest {
    /**
     * Writes the answer; a stream goes on until the client hangs up.
     *
     * @throws ApiException when it can't be answered; the message becomes the answer
     */
    void answer(JsonNode question, ApiAnswer answer) throws IOException, ApiException;
}
