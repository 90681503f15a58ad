package io.weir.agent.service;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** Answers every request at a port, whatever its path and method, as kube-proxy does. */
final class HealthCheckHandler extends SimpleChannelInboundHandler<HttpObject> {
    private static final String WEIGHT = "X-Load-Balancing-Endpoint-Weight";

    private final Map<InetSocketAddress, HealthCheckNodePort> checks;
    private final BooleanSupplier isHealthy;
    private boolean isHead;

    HealthCheckHandler(Map<InetSocketAddress, HealthCheckNodePort> checks, BooleanSupplier isHealthy) {
        this.checks = checks;
        this.isHealthy = isHealthy;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, HttpObject part) {
        if (part.decoderResult().isFailure()) {
            context.writeAndFlush(response(HttpResponseStatus.BAD_REQUEST, ""))
                    .addListener(ChannelFutureListener.CLOSE);
            return;
        }
        if (part instanceof final HttpRequest request) {
            isHead = request.method().equals(HttpMethod.HEAD);
        }
        if (part instanceof LastHttpContent) {
            final InetSocketAddress asked =
                    (InetSocketAddress) context.channel().localAddress();
            final HealthCheckNodePort check = checks.get(asked);
            if (check == null) {
                final ChannelFuture _ = context.close(); // its Service has just gone
            } else {
                final ChannelFuture _ = context.writeAndFlush(answer(check));
            }
        }
    }

    private FullHttpResponse answer(HealthCheckNodePort check) {
        final boolean healthy = isHealthy.getAsBoolean();
        final boolean isGood = healthy && check.localEndpoints() > 0;
        final String body = body(check, healthy);
        final FullHttpResponse response =
                response(isGood ? HttpResponseStatus.OK : HttpResponseStatus.SERVICE_UNAVAILABLE, isHead ? "" : body);
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, "application/json")
                .set("X-Content-Type-Options", "nosniff")
                .set(WEIGHT, check.localEndpoints())
                .set(HttpHeaderNames.CONTENT_LENGTH, body.length());
        return response;
    }

    private static FullHttpResponse response(HttpResponseStatus status, String body) {
        final FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, status, Unpooled.copiedBuffer(body, StandardCharsets.US_ASCII));
        response.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.length());
        return response;
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

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        final ChannelFuture _ = context.close(); // the client hung up, or was silent for too long
    }
}
