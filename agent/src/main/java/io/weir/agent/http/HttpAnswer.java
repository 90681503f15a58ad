package io.weir.agent.http;

import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.Map;

/**
 * A whole answer.
 *
 * @param headers besides type and length
 * @param body    left out in the answer to HEAD, its length is not
 */
public record HttpAnswer(HttpResponseStatus status, String contentType, Map<String, String> headers, String body) {
    public HttpAnswer {
        headers = Map.copyOf(headers);
    }

    public HttpAnswer(HttpResponseStatus status, String contentType, String body) {
        this(status, contentType, Map.of(), body);
    }
}
