package io.weir.agent.http;

import io.netty.handler.codec.http.HttpMethod;
import java.net.InetSocketAddress;

/**
 * What is asked for.
 *
 * @param path   without the query
 * @param asked  the address and port of this node that the client connected to
 */
public record HttpQuestion(HttpMethod method, String path, InetSocketAddress asked) {}
